"""Each attack on tokens, with its negative control: the same request with an honest token is answered."""
import base64
import json
import time

from lib import azure
from lib.issuer import b64
from sas import READER, bearer

INVALID = "InvalidAuthenticationInfo"


def run(bench):
    issuer, other, client, keyed = bench.issuer, bench.other, bench.client(), bench.client()
    keyed.send("PUT", "/attacked?restype=container")
    keyed.send("PUT", "/attacked/b", {"x-ms-blob-type": "BlockBlob"}, b"secret")
    bench.role(READER, "alice")
    good = issuer.token("alice")

    def ask(token, path="/attacked/b", **headers):
        return client.send("GET", path, bearer(token, **headers), auth="none")

    def refused(title, token, reason, **headers):
        answer = bench.expect(title, ask(token, **headers), 401, INVALID, reason)
        challenge = answer.header("WWW-Authenticate") or ""
        bench.check(f"{title}: the challenge", challenge == f"Bearer authorization_uri={issuer.origin}/acme/oauth2/authorize resource_id=https://storage.azure.com",
                    challenge)
        bench.expect(f"{title}: the control", ask(good), 200)

    # The challenge that clients look for comes to a request without credentials as well.
    bare = client.send("GET", "/attacked/b", {}, auth="none")
    bench.expect("no credentials", bare, 401, "NoAuthenticationInformation")
    bench.check("no credentials: the challenge", (bare.header("WWW-Authenticate") or "").startswith("Bearer authorization_uri="))

    head, body, signature = good.split(".")
    claims = issuer.claims("alice")
    refused("alg none", b64(json.dumps({"alg": "none"})) + f".{body}.", "token_malformed")
    refused("alg none with a signature", b64(json.dumps({"alg": "none", "kid": "key-1"})) + f".{body}.{signature}", "token_malformed")
    public = base64.b64decode(base64.b64encode(json.dumps(issuer.keys[0].jwk()).encode()))
    refused("HS256 with the public key", issuer.hmac_token({"alg": "HS256", "kid": "key-1"}, claims, public), "token_malformed")
    refused("RS256 said to be ES256", issuer.sign({"alg": "ES256", "kid": "key-1"}, claims, issuer.keys[0], "RS256"), "unknown_key")
    refused("RS512", issuer.sign({"alg": "RS512", "kid": "key-1"}, claims, issuer.keys[0], "RS256"), "token_malformed")
    mine = issuer.new_key("mine")
    refused("a key of one's own under the issuer's id", issuer.sign({"alg": "RS256", "kid": "key-1"}, claims, mine, "RS256"), "signature")
    refused("a key that comes along", issuer.sign({"alg": "RS256", "kid": "mine", "jwk": mine.jwk()}, claims, mine, "RS256"), "unknown_key")
    asked = len(other.asked)
    refused("a key set that comes along", issuer.sign({"alg": "RS256", "kid": "mine", "jku": f"{other.url}/keys"}, claims, mine, "RS256"), "unknown_key")
    bench.check("nobody fetched it", len(other.asked) == asked, other.asked)
    refused("a critical header", issuer.sign({"alg": "RS256", "kid": "key-1", "crit": ["x"], "x": 1}, claims, issuer.keys[0], "RS256"), "token_malformed")
    refused("a changed claim", f"{head}.{b64(json.dumps({**claims, 'oid': 'the-owner'}))}.{signature}", "signature")
    refused("another issuer", issuer.token("alice", iss="https://evil.example.org"), "unknown_issuer")
    refused("another issuer's key", other.sign({"alg": "RS256", "kid": "rival-key"}, claims, other.keys[0], "RS256"), "unknown_key")
    refused("another tenant in a token of this issuer", issuer.token("alice", tid="rival"), "wrong_tenant")
    refused("another audience", issuer.token("alice", audience="https://vault.azure.net"), "wrong_audience")
    refused("another account's audience", issuer.token("alice", audience="https://someoneelse.blob.core.windows.net"), "wrong_audience")
    refused("expired", issuer.token("alice", exp=int(time.time()) - 400), "expired")
    refused("not yet valid", issuer.token("alice", nbf=int(time.time()) + 400), "not_yet_valid")
    refused("no end", issuer.token("alice", exp=None), "token_malformed")
    refused("rubbish", "abc", "token_malformed")
    refused("too large", issuer.token("alice", padding="x" * 20_000), "token_malformed")

    # The rival's alice is nobody here: ids belong to their tenant.
    bench.expect("the rival's alice", ask(other.token("alice", key=other.keys[0])), 403, "AuthorizationPermissionMismatch")
    bench.role(READER, "alice", tenant="rival")
    bench.expect("the rival's alice with a role of hers", ask(other.token("alice", key=other.keys[0])), 200)

    for title, token in (("this account's audience", issuer.token("alice", audience=f"https://{bench.account}.blob.core.windows.net")),
                         ("a configured audience", issuer.token("alice", audience=["x", "https://extra.example.org/"])),
                         ("an end within the skew", issuer.token("alice", exp=int(time.time()) - 200)),
                         ("PS256", issuer.token("alice", algorithm="PS256"))):
        bench.expect(f"accepted: {title}", ask(token), 200)

    detail = "AuthenticationErrorDetail"
    for title, version in (("no x-ms-version", None), ("an old x-ms-version", "2016-05-31")):
        answer = bench.expect(title, client.send("GET", "/attacked/b", bearer(good, **{"x-ms-version": version}), auth="none"), 403, "AuthenticationFailed")
        bench.check(f"{title}: its detail", "not supported in this version" in (answer.xml().findtext(detail) or ""), answer.body)

    plain_http(bench, good)


def rotation(bench):
    """Keys that come, go, and are not what they should be. Waits: an issuer is asked again after ten seconds at the earliest."""
    issuer, client, keyed = bench.issuer, bench.client(), bench.client()
    keyed.send("PUT", "/rotated?restype=container")
    keyed.send("PUT", "/rotated/b", {"x-ms-blob-type": "BlockBlob"}, b"secret")
    bench.role(READER, "alice", "--container", "rotated")

    def ask(token):
        return client.send("GET", "/rotated/b", bearer(token), auth="none")

    bench.expect("the control", ask(issuer.token("alice")), 200)
    mine = issuer.new_key("flood")
    time.sleep(10.2)   # the next unknown key may be asked for
    before = len(issuer.asked)
    begin = time.monotonic()
    for i in range(100):
        assert ask(issuer.sign({"alg": "RS256", "kid": f"unknown-{i}"}, issuer.claims("alice"), mine, "RS256")).status == 401
    bench.check("a flood of unknown keys asks the issuer once", len(issuer.asked) - before <= 4, issuer.asked[before:])
    bench.check("and takes little time", time.monotonic() - begin < 10)
    good = issuer.token("alice")
    bench.expect("tokens are checked on", ask(good), 200)

    # A rotation is followed by the first token that names the new key; a key that is withdrawn is refused with it.
    old = issuer.token("alice")
    time.sleep(10.2)
    issuer.rotate("key-2", kind="EC", keep=False)
    bench.expect("a key that was rotated to", ask(issuer.token("alice")), 200)
    bench.expect("a key that was withdrawn", ask(old), 401, INVALID)

    # Swapped and huge key sets.
    good = issuer.token("alice")
    time.sleep(10.2)
    path = f"/{issuer.tenant}/keys"
    issuer.documents[path] = (200, b'{"keys":[' + b" " * 600_000 + b"]}")
    bench.expect("a huge key set", ask(issuer.sign({"alg": "RS256", "kid": "flood"}, issuer.claims("alice"), mine, "RS256")), 401, INVALID)
    bench.expect("leaves the old one in force", ask(good), 200)
    time.sleep(10.2)
    issuer.documents[path] = (200, json.dumps({"keys": [mine.jwk()]}).encode())
    issuer.documents[f"/{issuer.tenant}/.well-known/openid-configuration"] = (200, json.dumps({**issuer.discovery(), "issuer": bench.other.url}).encode())
    bench.expect("a discovery document of another issuer", ask(issuer.sign({"alg": "RS256", "kid": "flood"}, issuer.claims("alice"), mine, "RS256")), 401, INVALID)
    bench.expect("leaves the old one in force, too", ask(good), 200)
    issuer.documents.clear()

    # Away, and slow: what is known stays good.
    issuer.away = True
    time.sleep(10.2)
    bench.expect("while the issuer is away", ask(good), 200)
    bench.expect("an unknown key while it is away", ask(issuer.sign({"alg": "RS256", "kid": "flood"}, issuer.claims("alice"), mine, "RS256")), 401, INVALID)
    issuer.away = False


def plain_http(bench, good):
    from lib import server
    config = f'[identity]\nissuers = ["acme={bench.issuer.url}"]\nca_file = "{bench.issuer.authority}"\n'
    with server.Server(config=config) as plain:
        client = azure.Client(plain.address, version="2026-02-06")
        answer = client.send("GET", "/?comp=list", bearer(good), auth="none")
        bench.check("a token over plain HTTP", (answer.status, answer.code()) == (403, "AuthenticationFailed"), answer.body)
    with server.Server() as without:
        client = azure.Client(without.address, version="2026-02-06")
        bench.check("no issuer configured", client.send("GET", "/?comp=list", bearer(good), auth="none").status in (401, 403))
