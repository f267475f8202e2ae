"""User delegation keys and SAS: the five forms in every version of what is signed, and each way to widen one."""
import datetime
import time

from lib import azure
from sas import CONTRIBUTOR, DELEGATOR, OWNER, READER, bearer, delegation_sas, get_key

FAILED, MISMATCH = "AuthenticationFailed", "AuthorizationPermissionMismatch"


def run(bench):
    client, keyed, issuer, account = bench.client(), bench.client(), bench.issuer, bench.account
    keyed.send("PUT", "/shared?restype=container")
    keyed.send("PUT", "/closed?restype=container")
    for path in ("/shared/dir/b", "/shared/dir/c", "/shared/other", "/closed/b"):
        keyed.send("PUT", path, {"x-ms-blob-type": "BlockBlob"}, b"content")
    keys(bench, client, keyed)

    bench.role(DELEGATOR, "maker")
    bench.role(CONTRIBUTOR, "maker", "--container", "shared")
    _, key = get_key(client, issuer.token("maker"))
    snapshot = keyed.send("PUT", "/shared/dir/b?comp=snapshot").header("x-ms-snapshot")

    def ask(method, path, sas, body=b"", headers=None):
        return client.send(method, path, headers, body, auth=sas)

    forms(bench, ask, key, account, snapshot)
    letters(bench, ask, key, account)
    widened(bench, ask, key, account)
    policy(bench, ask, key, account)
    bound(bench, client, account)
    ends(bench, client, account)


def keys(bench, client, keyed):
    issuer = bench.issuer
    body = f"<KeyInfo><Expiry>{azure.iso(3600)}</Expiry></KeyInfo>".encode()
    answer = keyed.send("POST", "/?restype=service&comp=userdelegationkey", {}, body)
    bench.expect("a key by Shared Key", answer, 403, FAILED)
    bench.expect("a key for nobody", get_key(client, issuer.token("nobody"))[0], 403, MISMATCH)
    for role in (READER, CONTRIBUTOR, OWNER, DELEGATOR):
        bench.role(role, f"key-{role}")
        bench.expect(f"a key for a {role}", get_key(client, issuer.token(f"key-{role}"))[0], 200)
    token = issuer.token("key-delegator")
    answer, key = get_key(client, token, start="")
    bench.check("a key's fields", key and key["SignedOid"] == "key-delegator" and key["SignedTid"] == "acme" and key["SignedService"] == "b"
                and key["SignedVersion"] == "2026-02-06" and len(key["Value"]) == 44, answer.body)
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = lambda **delta: (now + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    for title, start, expiry, status, code in (
            ("seven days", stamp(), stamp(days=7, seconds=-5), 200, None), ("more than seven days", stamp(), stamp(days=7, minutes=5), 400, "InvalidXmlNodeValue"),
            ("an end in the past", stamp(days=-2), stamp(days=-1), 400, "InvalidXmlNodeValue"),
            ("an end before its start", stamp(hours=2), stamp(hours=1), 400, "InvalidXmlNodeValue"),
            ("no time", "soon", stamp(hours=1), 400, "InvalidXmlNodeValue")):
        bench.expect(f"a key with {title}", get_key(client, token, start, expiry)[0], status, code)
    for title, text, code in (("no end", b"<KeyInfo></KeyInfo>", "MissingRequiredXmlNode"), ("rubbish", b"<KeyInfo>", "InvalidXmlDocument"),
                              ("another document", b"<Tags/>", "InvalidXmlDocument")):
        answer = client.send("POST", "/?restype=service&comp=userdelegationkey", bearer(token), text, auth="none")
        bench.expect(f"a key with {title}", answer, 400, code)


def forms(bench, ask, key, account, snapshot):
    quoted = snapshot.replace(":", "%3A")
    for sv in ("2018-11-09", "2020-02-10", "2020-12-06", "2025-07-05", "2026-04-06", "2026-10-06"):
        def sas(resource, sv=sv, **more):
            return delegation_sas(key, resource, account, sv=sv, **more)
        bench.expect(f"{sv} sr=b", ask("GET", "/shared/dir/b", sas("/shared/dir/b")), 200)
        bench.expect(f"{sv} sr=b of another blob", ask("GET", "/shared/dir/c", sas("/shared/dir/b")), 403, FAILED)
        bench.expect(f"{sv} sr=c", ask("GET", "/shared/dir/c", sas("/shared", sr="c")), 200)
        bench.expect(f"{sv} sr=c, listing", ask("GET", "/shared?restype=container&comp=list", sas("/shared", sr="c", sp="rl")), 200)
        bench.expect(f"{sv} sr=c of another container", ask("GET", "/closed/b", sas("/shared", sr="c")), 403, FAILED)
        bench.expect(f"{sv} sr=bs", ask("GET", f"/shared/dir/b?snapshot={quoted}", sas("/shared/dir/b", sr="bs", time=snapshot)), 200)
        bench.expect(f"{sv} sr=bs of the base blob", ask("GET", "/shared/dir/b", sas("/shared/dir/b", sr="bs", time="")), 403, "AuthorizationResourceTypeMismatch")
        bench.expect(f"{sv} sr=bv", ask("GET", "/shared/dir/b?versionid=2026-01-01T00%3A00%3A00.0000000Z",
                                        sas("/shared/dir/b", sr="bv", time="2026-01-01T00:00:00.0000000Z")), 404, "BlobNotFound")
        if sv >= "2020-02-10":
            bench.expect(f"{sv} sr=d", ask("GET", "/shared/dir/c", sas("/shared/dir", sr="d", sdd="1")), 200)
            bench.expect(f"{sv} sr=d, outside", ask("GET", "/shared/other", sas("/shared/dir", sr="d", sdd="1")), 403, FAILED)
            bench.expect(f"{sv} saoid", ask("GET", "/shared/dir/b", sas("/shared/dir/b", saoid="s", scid="c")), 200)
            bench.expect(f"{sv} suoid", ask("GET", "/shared/dir/b", sas("/shared/dir/b", suoid="s")), 403, FAILED)


def letters(bench, ask, key, account):
    put = {"x-ms-blob-type": "BlockBlob"}
    bench.expect("a letter that the role has", ask("PUT", "/shared/new", delegation_sas(key, "/shared/new", account, sp="w"), b"x", put), 201)
    bench.expect("a letter that is missing", ask("PUT", "/shared/new", delegation_sas(key, "/shared/new", account, sp="r"), b"x", put), 403, MISMATCH)
    tags = "/shared/new?comp=tags"
    bench.expect("a letter that the role has not", ask("GET", tags, delegation_sas(key, "/shared/new", account, sp="t")), 403, MISMATCH)
    bench.expect("a version's letter without the role", ask("DELETE", "/shared/new?versionid=2026-01-01T00%3A00%3A00.0000000Z",
                                                            delegation_sas(key, "/shared", account, sr="c", sp="x")), 403, MISMATCH)
    bench.expect("a container where the key's owner has no role", ask("GET", "/closed/b", delegation_sas(key, "/closed/b", account)), 403, MISMATCH)
    bench.expect("only a new blob", ask("PUT", "/shared/new", delegation_sas(key, "/shared/new", account, sp="c"), b"x", put), 403, "UnauthorizedBlobOverwrite")
    bench.expect("tags with a write", ask("PUT", "/shared/new", delegation_sas(key, "/shared/new", account, sp="wt"), b"x", {**put, "x-ms-tags": "a=b"}), 403, MISMATCH)


def widened(bench, ask, key, account):
    path = "/shared/dir/b"
    make = lambda change=None, **more: delegation_sas(key, path, account, change=change, **more)  # noqa: E731
    bench.expect("the control", ask("GET", path, make(saoid="s", scid="c", spr="https", sip="127.0.0.1-127.0.0.9", rsct="text/plain")), 200)
    past, later = azure.iso(-86400), azure.iso(86400 * 30)
    changes = [{"sp": "racwd"}, {"se": later}, {"st": past}, {"sr": "c"}, {"sip": "0.0.0.0-255.255.255.255"}, {"spr": "https,http"}, {"ske": later},
               {"skt": past}, {"skoid": "the-owner"}, {"sktid": "rival"}, {"skv": "2018-11-09"}, {"sks": "f"}, {"saoid": "x"}, {"scid": "x"},
               {"sduoid": "x"}, {"skdutid": "x"}, {"ses": "x"}, {"rsct": "text/html"}, {"rscd": "attachment"}, {"srh": "x-a"}, {"srq": "x"},
               {"sv": "2018-11-09"}, {"sv": "2020-02-10"}, {"sv": "2025-07-05"}, {"si": "policy"}, {"sdd": "1", "sr": "d"}, {"sig": "A" * 43 + "="},
               {"ss": "b", "srt": "sco"}, {"skoid": ""}]
    for change in changes:
        answer = ask("GET", path, make(change, saoid="s", scid="c", spr="https", sip="127.0.0.1-127.0.0.9", rsct="text/plain"))
        bench.expect(f"widened: {change}", answer, 403, FAILED)
    bench.expect("another account's", bench.client(bench.server.make_account({})).send("GET", path, {}, auth=make()), 403, FAILED)
    bench.expect("outside its addresses", ask("GET", path, make(sip="10.0.0.1")), 403, "AuthorizationSourceIPMismatch")
    bench.expect("expired", ask("GET", path, make(se=azure.iso(-5), st=past)), 403, FAILED)
    bench.expect("not yet", ask("GET", path, make(st=azure.iso(600))), 403, FAILED)
    headers, query = {"x-ms-client-request-id": "one"}, {"timeout": "30"}
    sas = make(headers=headers, query=query)
    bench.expect("bound to a header and a parameter", ask("GET", f"{path}?timeout=30", sas, headers=headers), 200)
    bench.expect("another header", ask("GET", f"{path}?timeout=30", sas, headers={"x-ms-client-request-id": "two"}), 403, FAILED)
    bench.expect("another parameter", ask("GET", f"{path}?timeout=31", sas, headers=headers), 403, FAILED)


def policy(bench, ask, key, account):
    """The account's SAS expiration policy bounds these, too."""
    path = "/shared/dir/b"
    bench.server.command_line("account", "set", account, "--sas-expiry-period", "0.01:00:00", "--sas-expiry-action", "Block")
    bench.expect("no start under a policy", ask("GET", path, delegation_sas(key, path, account)), 403, FAILED)
    bench.expect("longer than the policy", ask("GET", path, delegation_sas(key, path, account, st=azure.iso(-3000))), 403, FAILED)
    bench.expect("within the policy", ask("GET", path, delegation_sas(key, path, account, st=azure.iso(-60))), 200)
    bench.server.command_line("account", "set", account, "--sas-expiry-action", "Log")
    bench.expect("against a policy that only logs", ask("GET", path, delegation_sas(key, path, account)), 200)
    bench.server.command_line("account", "set", account, "--sas-expiry-period", "off")


def bound(bench, client, account):
    issuer, path = bench.issuer, "/shared/dir/b"
    _, key = get_key(client, issuer.token("maker"))
    sas = delegation_sas(key, path, account, sduoid="carol")
    ask = lambda who: client.send("GET", f"{path}?{sas}", bearer(issuer.token(who)) if who else {}, auth="none")  # noqa: E731
    bench.expect("bound to a user, without his token", ask(None), 403, FAILED)
    bench.expect("bound to a user, with another's", ask("the-owner"), 403, FAILED)
    bench.expect("bound to a user, with his", ask("carol"), 200)
    bench.expect("his token alone", client.send("GET", path, bearer(issuer.token("carol")), auth="none"), 403, MISMATCH)
    rival = client.send("GET", f"{path}?{sas}", bearer(bench.other.token("carol", key=bench.other.keys[0])), auth="none")
    bench.expect("bound to a user, with his namesake's of another tenant", rival, 403, FAILED)
    answer, key = get_key(client, issuer.token("maker"), tenant="rival")
    sas = delegation_sas(key, path, account, sduoid="carol")
    rival = client.send("GET", f"{path}?{sas}", bearer(bench.other.token("carol", key=bench.other.keys[0])), auth="none")
    bench.expect("bound to a user of another tenant", rival, 200)


def ends(bench, client, account):
    """Replayed after what allowed it has gone."""
    issuer, path = bench.issuer, "/shared/dir/b"
    role = bench.role(READER, "passing")
    _, key = get_key(client, issuer.token("passing"))
    sas = delegation_sas(key, path, account)
    ask = lambda text: client.send("GET", path, {}, auth=text)  # noqa: E731
    bench.expect("while its owner has the role", ask(sas), 200)
    bench.unrole(role)
    bench.expect("after its owner lost the role", ask(sas), 403, MISMATCH)
    # By a group: what counts is what the owner's last key was given for.
    group = bench.role(READER, "/readers", kind="--group")
    _, key = get_key(client, issuer.token("grouped", groups=["/readers", "/else"]))
    sas = delegation_sas(key, path, account)
    bench.expect("by a group", ask(sas), 200)
    bench.server.stop()
    bench.server.start()
    client.close()
    bench.expect("by a group, after a restart", ask(sas), 200)
    bench.role(DELEGATOR, "grouped")
    get_key(client, issuer.token("grouped"))   # out of the group, says the directory
    bench.expect("by a group that was left", ask(sas), 403, MISMATCH)
    _, key = get_key(client, issuer.token("grouped", groups=["/readers"]))
    sas = delegation_sas(key, path, account)
    bench.expect("by the group again", ask(sas), 200)
    bench.unrole(group)
    bench.expect("after the group lost the role", ask(sas), 403, MISMATCH)
    # A short key.
    bench.role(READER, "passing")
    _, key = get_key(client, issuer.token("passing"), expiry=azure.iso(3))
    sas = delegation_sas(key, path, account)
    bench.expect("before its key ends", ask(sas), 200)
    time.sleep(3.2)
    bench.expect("after its key has ended", ask(sas), 403, FAILED)
    _, key = get_key(client, issuer.token("passing"))
    sas = delegation_sas(key, path, account)
    bench.expect("before revocation", ask(sas), 200)
    bench.server.command_line("account", "revoke-delegation-keys", account)
    bench.expect("after revocation", ask(sas), 403, FAILED)
    _, key = get_key(client, issuer.token("passing"))
    bench.expect("a key of after revocation", ask(delegation_sas(key, path, account)), 200)
