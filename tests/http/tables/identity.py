"""Tokens and user delegation where no identity provider is configured: refused in Azure's form, with the challenge that
clients look for. What is accepted, role by role, and each attack: tests/identity.
"""
import re

from case import Step, Table, put
from lib import azure

table = Table("identity")
case = table.case
CHALLENGE = re.compile(r"^Bearer authorization_uri=https://\S+ resource_id=https://storage\.azure\.com$")
TOKEN = {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.e30.AAAA"}
KEY = "POST /?restype=service&comp=userdelegationkey"
KEY_INFO = b"<KeyInfo><Expiry>2030-01-01T00:00:00Z</Expiry></KeyInfo>"
SAS = azure.encode_query([("sv", "2022-11-02"), ("sr", "b"), ("sp", "r"), ("se", azure.iso(3600)), ("skoid", "o"), ("sktid", "t"),
                          ("skt", azure.iso(-60)), ("ske", azure.iso(3600)), ("sks", "b"), ("skv", "2022-11-02"), ("sig", "A" * 43 + "=")])

case("Bearer tokens", "not-of-a-known-issuer", put(), Step("GET /{c}/b", TOKEN, status=401, auth="none", code="InvalidAuthenticationInfo",
     has={"WWW-Authenticate": CHALLENGE}), Step("GET /{c}/b"), ref="S2", tls=True)
case("Bearer tokens", "over-plain-http", put(), Step("GET /{c}/b", TOKEN, status=403, auth="none", code="AuthenticationFailed"), ref="S2")
case("Bearer tokens", "before-2017-11-09", put(), Step("GET /{c}/b", TOKEN, status=403, auth="none", version="2017-07-29", code="AuthenticationFailed"),
     ref="S2", tls=True)
case("Bearer tokens", "challenge-without-credentials", put(), Step("GET /{c}/b", status=401, auth="none", code="NoAuthenticationInformation",
     has={"WWW-Authenticate": CHALLENGE}), ref="R2")
case("Get User Delegation Key", "by-shared-key", Step(KEY, {}, KEY_INFO, 403, code="AuthenticationFailed"), ref="S29", tls=True)
case("Get User Delegation Key", "by-account-sas", Step(KEY, {}, KEY_INFO, 403, auth=azure.account_sas(), code="AuthorizationFailure"), ref="S29", tls=True)
case("Get User Delegation Key", "by-nobody", Step(KEY, {}, KEY_INFO, 401, auth="none", code="NoAuthenticationInformation"), ref="S29", tls=True)
case("User delegation SAS", "of-a-key-that-was-never-given", put(), Step("GET /{c}/b", status=403, auth=SAS, code="AuthenticationFailed"),
     Step("GET /{c}/b"), ref="S29")
for field in ("skoid", "sktid", "skt", "ske", "sks", "skv"):
    without = "&".join(part for part in SAS.split("&") if not part.startswith(field + "="))
    case("User delegation SAS", f"without-{field}", put(), Step("GET /{c}/b", status=403, auth=without, code="AuthenticationFailed"), ref="S29")
