"""What an account's settings refuse, each setting with each kind of credential. Tokens: tests/identity."""
from case import AccountSet, BLOCK_BLOB, Step, Table, put
from lib import azure
from lib.azure import service_sas

table = Table("account_rules")
case = table.case
ACL = "/{c}?restype=container&comp=acl"
KEYS_OFF = "KeyBasedAuthenticationNotPermitted"


def blob_sas(**given):
    return lambda s: service_sas(f"/{s['c']}/b", account=s["account"], **given)


def account_sas(**given):
    return lambda s: azure.account_sas(account=s["account"], **given)


def public(level="container", **more):
    return Step(f"PUT {ACL}", {"x-ms-blob-public-access": level}, **more)


ANONYMOUS, KEY = "none", "key"
CREDENTIALS = (("shared-key", KEY), ("shared-key-lite", "lite"), ("account-sas", "{sas}"), ("service-sas", blob_sas()),
               ("anonymous", ANONYMOUS))


def each(name, setting, wanted, ref, after=None):
    """One case: the account is set, then a blob is read with each kind of credential. wanted: kind -> (status, code)."""
    steps = [put(), public(), AccountSet(**setting)]
    for kind, auth in CREDENTIALS:
        status, code = wanted.get(kind, wanted["*"])
        steps.append(Step("GET /{c}/b", status=status, code=code, auth=auth))
    case("Account settings", name, *steps, *(after or []), AccountSet(shared_key_access="on", https_only="off", default_network_action="Allow"),
         ref=ref, account={"public-access": "on"})


OK = (200, None)
each("as-new", {"public_access": "on"}, {"*": OK}, "")
each("shared-key-disallowed", {"shared_key_access": "off"}, {"*": (403, KEYS_OFF), "anonymous": OK}, "S31 R2", after=[
    Step("PUT /{c}/b2", BLOCK_BLOB, b"x", 403, code=KEYS_OFF),
    Step("GET /?comp=list", status=403, code=KEYS_OFF),
    Step("GET /{c}/b", {"Authorization": f"SharedKey {azure.ACCOUNT}:{azure.md5(b'no')}"}, status=403, code=KEYS_OFF, auth=ANONYMOUS),
    Step("GET /{c}/b", status=403, code=KEYS_OFF, auth=account_sas(tamper=True))])
each("public-access-forbidden", {"public_access": "off"}, {"*": OK, "anonymous": (401, "NoAuthenticationInformation")}, "S33 R2", after=[
    Step("GET /{c}/b", status=409, code="PublicAccessNotPermitted", auth=ANONYMOUS, version="2019-07-07"),
    Step("PUT /{c}/b", BLOCK_BLOB, b"x", 409, code="PublicAccessNotPermitted", auth=ANONYMOUS, version="2019-07-07"),
    public(status=409, code="PublicAccessNotPermitted"), public("blob", status=409, code="PublicAccessNotPermitted"),
    public("all", status=400, code="InvalidHeaderValue"), Step(f"PUT {ACL}"),
    Step("PUT /{c}-2?restype=container", {"x-ms-blob-public-access": "blob"}, status=409, code="PublicAccessNotPermitted"),
    Step("PUT /{c}/b", BLOCK_BLOB, b"x", 401, code="NoAuthenticationInformation", auth=ANONYMOUS)])
each("https-only", {"https_only": "on"}, {"*": (400, "AccountRequiresHttps")}, "S32")
each("networks-denied", {"default_network_action": "Deny"}, {"*": (403, "AuthorizationFailure")}, "storage-network-security")
each("networks-admitted", {"default_network_action": "Deny", "allowed_networks": "192.0.2.0/24,127.0.0.0/8,2001:db8::/32"}, {"*": OK}, "storage-network-security")
each("networks-not-in-force", {"default_network_action": "Allow", "allowed_networks": "192.0.2.0/24"}, {"*": OK}, "storage-network-security")

case("Account settings", "https-only-over-https", put(), AccountSet(https_only="on", minimum_tls_version="1.2"), Step("GET /{c}/b"),
     Step("GET /{c}/b", auth=account_sas()), ref="S32", account={}, tls=True)
case("Account settings", "sas-expiry-block", put(), AccountSet(sas_expiry_period="0.02:00:00", sas_expiry_action="Block"),
     Step("GET /{c}/b"),
     Step("GET /{c}/b", status=403, code="AuthenticationFailed", auth=account_sas()),   # says no start
     Step("GET /{c}/b", auth=account_sas(st=azure.iso(-60), se=azure.iso(3600))),
     Step("GET /{c}/b", status=403, code="AuthenticationFailed", auth=account_sas(st=azure.iso(-60), se=azure.iso(7300))),
     Step("GET /{c}/b", auth=blob_sas(st=azure.iso(-60))),
     Step("GET /{c}/b", status=403, code="AuthenticationFailed", auth=blob_sas(st=azure.iso(-7000))),
     AccountSet(sas_expiry_action="Log"), Step("GET /{c}/b", auth=account_sas()), ref="sas-expiration-policy", account={})
case("Account settings", "default-service-version", put(), AccountSet(default_service_version="2011-08-18"),
     public(), Step("GET /{c}/b", {"x-ms-version": None}, auth=ANONYMOUS, has={"x-ms-version": "2011-08-18"}, version="2011-08-18"),
     AccountSet(default_service_version="off"), Step("GET /{c}/b", {"x-ms-version": None}, auth=ANONYMOUS, has={"x-ms-version": "2009-09-19"}, version="2009-09-19"),
     ref="S1", account={})
