"""Role × operation: every cell by raw HTTP, at each scope; and that a role that goes is gone at once."""
from lib import multipart
from sas import ALL, BATCH, CONTRIBUTOR, DELEGATOR, OPERATIONS, OWNER, READER, bearer

REFUSED = "AuthorizationPermissionMismatch"


def prepare(client, container):
    """What the operations work on."""
    assert client.send("PUT", f"/{container}?restype=container").status in (201, 409)
    for blob in ("b", "a/b", "doomed"):
        assert client.send("PUT", f"/{container}/{blob}", {"x-ms-blob-type": "BlockBlob"}, b"a,b\n").status == 201
    for blob in ("log", "sealed"):
        assert client.send("PUT", f"/{container}/{blob}", {"x-ms-blob-type": "AppendBlob"}).status == 201
    assert client.send("PUT", f"/{container}/pages", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}).status == 201


def one(bench, client, row, token, container, blob, made):
    source = f"https://{bench.server.address}/{bench.account}/{container}"
    headers = {name: value.replace("SOURCE", source).replace("TOKEN", token) for name, value in row.headers.items()}
    path = row.path.replace("NEW", made).replace("GONE", made).replace("/C", f"/{container}").replace("/B", f"/{blob}")
    return client.send(row.method, path, bearer(token, **headers), row.body, auth="none")


def cells(bench):
    keyed, client = bench.client(), bench.client()
    for role in (READER, CONTRIBUTOR, OWNER, DELEGATOR):
        bench.role(role, f"the-{role}")
        container = f"table-{role}"
        prepare(keyed, container)
        token, nobody = bench.issuer.token(f"the-{role}"), bench.issuer.token("nobody")
        for row in OPERATIONS:
            made = f"made-{role}"
            if "GONE" in row.path:
                keyed.send("PUT", f"/{made}?restype=container")
            for who, text, allowed in ((role, token, role in row.roles), ("nobody", nobody, False)):
                answer = one(bench, client, row, text, container, "b", made)
                if allowed:
                    bench.check(f"{row.title} as {who}", answer.status in row.good, f"{answer.status} {answer.code()} {answer.body[:200]}")
                else:
                    bench.check(f"{row.title} as {who}", answer.status == 403 and answer.header("x-ms-error-code") == REFUSED,
                                f"{answer.status} {answer.header('x-ms-error-code')}")
            keyed.send("PUT", f"/{container}/b", {"x-ms-blob-type": "BlockBlob"}, b"a,b\n")
            keyed.send("PUT", f"/{container}/doomed", {"x-ms-blob-type": "BlockBlob"}, b"x")


def scopes(bench):
    keyed, client = bench.client(), bench.client()
    for container in ("scoped", "scoped2"):
        prepare(keyed, container)
    bench.role(OWNER, "of-container", "--container", "scoped")
    bench.role(OWNER, "of-prefix", "--container", "scoped", "--prefix", "a/")
    bench.role(READER, "/team", "--container", "scoped", kind="--group")
    bench.role(READER, "robots", "--container", "scoped", kind="--app-role")
    rows = [   # who, method, path, status
        ("of-container", "GET", "/scoped/b", 200), ("of-container", "GET", "/scoped2/b", 403), ("of-container", "GET", "/?comp=list", 403),
        ("of-container", "GET", "/scoped?restype=container", 200), ("of-container", "GET", "/scoped2?restype=container", 403),
        ("of-container", "GET", "/scoped/../scoped2/b", (400, 403, 404)), ("of-container", "GET", "/scoped%2F..%2Fscoped2/b", (400, 403, 404)),
        ("of-container", "GET", "/scoped/..%2F..%2Fscoped2%2Fb", (400, 404)), ("of-container", "GET", "/SCOPED2/b", (400, 403, 404)),
        ("of-container", "GET", "//scoped2/b", (400, 403, 404)),
        ("of-container", "GET", "/scoped?restype=container&comp=list&prefix=", 200),
        ("of-prefix", "GET", "/scoped/a/b", 200), ("of-prefix", "GET", "/scoped/b", 403), ("of-prefix", "GET", "/scoped/a", 403),
        ("of-prefix", "GET", "/scoped/ab", 403), ("of-prefix", "GET", "/scoped/A/b", 403), ("of-prefix", "GET", "/scoped2/a/b", 403),
        ("of-prefix", "GET", "/scoped/a%2Fb", 200), ("of-prefix", "GET", "/scoped/a/../b", (400, 403, 404)),
        ("of-prefix", "GET", "/scoped/a%2F..%2Fb", (400, 403, 404)),
        ("of-prefix", "GET", "/scoped?restype=container", 403), ("of-prefix", "GET", "/scoped?restype=container&comp=list", 403),
        ("of-prefix", "GET", "/scoped?restype=container&comp=list&prefix=a/", 200),
        ("of-prefix", "GET", "/scoped?restype=container&comp=list&prefix=a", 403),
        ("of-prefix", "GET", "/scoped?restype=container&comp=list&prefix=b&prefix=a/", 403),
        ("of-prefix", "GET", "/scoped?restype=container&comp=list&prefix=a/&marker=b", (200, 400)),
    ]
    for who, method, path, wanted in rows:
        answer = client.send(method, path, bearer(bench.issuer.token(who)), auth="none")
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        bench.check(f"{method} {path} as {who}", answer.status in wanted, f"{answer.status} {answer.code()}")
    listed = client.send("GET", "/scoped?restype=container&comp=list&prefix=a/", bearer(bench.issuer.token("of-prefix")), auth="none")
    bench.check("a listing below a prefix shows that alone", listed.xml_text(".//Blob/Name") == ["a/b"], listed.body)
    for title, more, status in (("a group", {"groups": ["/other", "/team"]}, 200), ("no group", {}, 403), ("another group", {"groups": ["/team2"]}, 403),
                                ("a group of a text", {"groups": "/team"}, 200), ("an application role", {"roles": ["robots"]}, 200),
                                ("a role that is called like a group", {"roles": ["/team"]}, 403)):
        bench.expect(f"by {title}", client.send("GET", "/scoped/b", bearer(bench.issuer.token("member", **more)), auth="none"), status,
                     None if status == 200 else REFUSED)
    for container in ("Scoped", "a", "under_score"):   # a role there would never count
        bench.check(f"a role for the container {container}", not bench.may_assign("--container", container))
    bench.role(READER, "of-backslash", "--container", "scoped", "--prefix", "a\\")
    bench.expect("a prefix with a backslash", client.send("GET", "/scoped/a/b", bearer(bench.issuer.token("of-backslash")), auth="none"), 200)
    # Copies: the source must be readable, too.
    source = f"https://{bench.server.address}/{bench.account}/scoped2/b"
    headers = bearer(bench.issuer.token("of-container"), **{"x-ms-copy-source": source})
    bench.check("a copy out of a container without a role", client.send("PUT", "/scoped/stolen", headers, auth="none").status == 403)
    headers = bearer(bench.issuer.token("of-container"), **{"x-ms-copy-source": source.replace("scoped2", "scoped")})
    bench.check("a copy within the container", client.send("PUT", "/scoped/copied", headers, auth="none").status == 202)
    # Tags of the source that are copied must be readable, too.
    bench.role(READER, "of-container", "--container", "scoped2")
    for container, status in (("scoped2", 403), ("scoped", 202)):
        headers = bearer(bench.issuer.token("of-container"), **{"x-ms-copy-source": source.replace("scoped2", container), "x-ms-requires-sync": "true",
                                                                "x-ms-copy-source-authorization": f"Bearer {bench.issuer.token('of-container')}",
                                                                "x-ms-copy-source-tag-option": "COPY"})
        answer = client.send("PUT", "/scoped/tagged", headers, auth="none")
        bench.check(f"a copy with its tags out of {container}", answer.status == status, f"{answer.status} {answer.code()}")
    for who, status in (("of-container", 201), ("of-prefix", 403), ("the-owner", 201)):
        token = bench.issuer.token(who)
        headers = bearer(bench.issuer.token("the-owner"), **{"x-ms-copy-source": source, "x-ms-copy-source-authorization": f"Bearer {token}",
                                                              "x-ms-blob-type": "BlockBlob"})
        answer = client.send("PUT", "/scoped/from-url", headers, auth="none")
        bench.check(f"Put Blob From URL, the source as {who}", answer.status == status, f"{answer.status} {answer.code()}")


def batches(bench):
    """A batch asks for a role where it is sent to, and each of its parts for one where it points to."""
    keyed, client = bench.client(), bench.client()
    for container in ("batched", "batched2"):
        prepare(keyed, container)
    bench.role(CONTRIBUTOR, "of-batched", "--container", "batched")
    bench.role(READER, "batch-reader")
    bench.role(CONTRIBUTOR, "batch-writer")

    def send(who, to, *paths, part=None):
        own = list(bearer(bench.issuer.token(part or who)).items())
        body = multipart.body([("DELETE", path, own) for path in paths])
        answer = client.send("POST", f"{to}comp=batch", bearer(bench.issuer.token(who), **BATCH), body, auth="none")
        return answer.status, [one.status for one in multipart.parts(answer)] if answer.status == 202 else answer.code()

    here = "/batched?restype=container&"
    for title, got, wanted in (
            ("of the account, by a role for a container", send("of-batched", "/?", "/batched/b"), (403, REFUSED)),
            ("of a container, by a reader", send("batch-reader", here, "/batched/b"), (403, REFUSED)),
            ("of another container", send("of-batched", "/batched2?restype=container&", "/batched2/b"), (403, REFUSED)),
            ("whose parts are somebody else's", send("batch-writer", "/?", "/batched/b", "/batched2/b", part="of-batched"), (202, [202, 403])),
            ("whose parts are a reader's", send("batch-writer", "/?", "/batched/a/b", part="batch-reader"), (202, [403])),
            ("with a part that leaves its container", send("of-batched", here, "/batched2/b", "/batched/a/b"), (202, [400])),
            ("with a part that leaves it by dots", send("of-batched", here, "/batched/../batched2/b"), (202, [404])),
            ("with a part whose slash is encoded", send("of-batched", here, "/batched%2F..%2Fbatched2/b"), (202, [400])),
            ("of a container", send("of-batched", here, "/batched/a/b"), (202, [202]))):
        bench.check(f"a batch {title}", got == wanted, f"{got}, not {wanted}")
    bench.check("what another container held is there", keyed.send("HEAD", "/batched2/b").status == 200)


def changes(bench):
    keyed, client = bench.client(), bench.client()
    prepare(keyed, "changing")
    token = bench.issuer.token("temp")
    ask = lambda: client.send("GET", "/changing/b", bearer(token), auth="none")  # noqa: E731
    bench.expect("before a role", ask(), 403, REFUSED)
    identifier = bench.role(READER, "temp")
    bench.expect("with a role, at once", ask(), 200)
    bench.unrole(identifier)
    bench.expect("without it, at once", ask(), 403, REFUSED)
    bench.role(READER, "temp", "--container", "changing")
    bench.expect("given again", ask(), 200)
    bench.server.stop()
    bench.server.start()
    client.close()
    keyed.close()
    bench.expect("after a restart", ask(), 200)
    other = bench.server.make_account({})
    bench.expect("in another account", bench.client(other).send("GET", "/changing/b", bearer(token), auth="none"), 403, REFUSED)


def run(bench):
    assert ALL
    cells(bench)
    scopes(bench)
    batches(bench)
    changes(bench)
