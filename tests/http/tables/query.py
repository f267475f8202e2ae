"""Query Blob Contents. The statements themselves are tested in src/query; here, what comes over the wire."""
import io

from case import BLOCK_BLOB, L1, RFC1123, Step, Table, put
from lib import azure

table = Table("query")
case = table.case
QUERY = "POST /{c}/b?comp=query"
ROWS = b"100,200,300,400\n300,400,500,600\n"


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "&#xA;")


def delimited(record="\n", column=",", quote='"', escape="", headers="false"):
    return (f"<Format><Type>delimited</Type><DelimitedTextConfiguration><ColumnSeparator>{escaped(column)}</ColumnSeparator>"
            f"<FieldQuote>{escaped(quote)}</FieldQuote><RecordSeparator>{escaped(record)}</RecordSeparator>"
            f"<EscapeChar>{escape}</EscapeChar><HasHeaders>{headers}</HasHeaders></DelimitedTextConfiguration></Format>")


def json(record="\n"):
    return (f"<Format><Type>json</Type><JsonTextConfiguration><RecordSeparator>{escaped(record)}</RecordSeparator>"
            "</JsonTextConfiguration></Format>")


def document(sql, into=None, out=None, kind="SQL"):
    return ("<?xml version='1.0' encoding='utf-8'?><QueryRequest>" f"<QueryType>{kind}</QueryType><Expression>{escaped(sql)}</Expression>"
            + (f"<InputSerialization>{into}</InputSerialization>" if into else "")
            + (f"<OutputSerialization>{out}</OutputSerialization>" if out else "") + "</QueryRequest>").encode()


def number(stream):
    value, shift = 0, 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1)


def answer_of(body):
    """(data, [(fatal, name, position)], bytes scanned, bytes in all) of an Avro container of the documented records."""
    stream = io.BytesIO(body)
    assert stream.read(4) == b"Obj\x01", "no Avro container"
    metadata = {}
    while entries := number(stream):
        for _ in range(entries):
            key = stream.read(number(stream))
            metadata[key] = stream.read(number(stream))
    assert b"queryBlobContents.resultData" in metadata[b"avro.schema"]
    mark, data, errors, scanned, total = stream.read(16), b"", [], None, None
    while stream.tell() < len(body):
        count, size = number(stream), number(stream)
        end = stream.tell() + size
        for _ in range(count):
            kind = number(stream)
            if kind == 0:
                data += stream.read(number(stream))
            elif kind == 1:
                fatal = stream.read(1) == b"\x01"
                name = stream.read(number(stream)).decode()
                stream.read(number(stream))
                errors.append((fatal, name, number(stream)))
            elif kind == 2:
                scanned, total = number(stream), number(stream)
            else:
                assert kind == 3 and number(stream) == total
        assert stream.tell() == end and stream.read(16) == mark, "a block's end"
    return data, errors, scanned, total


def answers(data, errors=(), scanned=None):
    def check(response, saved):
        got = answer_of(response.body)
        assert got[:2] == (data, list(errors)), got
        assert scanned is None or got[2] == scanned, got
    return check


def query(sql, data, into=None, out=None, errors=(), has=None, scanned=None, headers=None, **more):
    return Step(QUERY, headers or {}, document(sql, into, out), 200, check=answers(data, errors, scanned),
                has={"Content-Type": "avro/binary", **(has or {})}, **more)


def refused(sql, status, code, body=None, **more):
    return Step(QUERY, {}, body if body is not None else document(sql), status, code=code, **more)


case("Query Blob Contents", "all", put(ROWS),
     query("SELECT * FROM BlobStorage", ROWS, scanned=len(ROWS),
           has={"ETag": "{etag}", "Last-Modified": "{modified}", "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob",
                "x-ms-server-encrypted": "true", "x-ms-creation-time": RFC1123, "Transfer-Encoding": "chunked"}), ref="S59")
case("Query Blob Contents", "filter", put(ROWS), query("SELECT _2 from BlobStorage WHERE _1 > 250;", b"400\n", delimited(), delimited()))
case("Query Blob Contents", "empty-blob", put(b""), query("SELECT * FROM BlobStorage", b"", scanned=0))
case("Query Blob Contents", "names", put(b"Name,Age\nAnna,30\nBob,9\n"),
     query("SELECT Name FROM BlobStorage WHERE Age < 10", b"Bob\n", delimited(headers="true")))
case("Query Blob Contents", "to-json", put(ROWS), query("SELECT _1 FROM BlobStorage LIMIT 1", b'{"_1":"100"}\n', delimited(), json()))
case("Query Blob Contents", "from-json", put(b'{"a":{"b":[1,2]}}\n{"a":{"b":[3]}}'),
     query("SELECT * FROM BlobStorage[*].a.b[*]", b"1;2;3;", json(), delimited(record=";")))
case("Query Blob Contents", "separators", put(ROWS),
     query("SELECT _1,_2 FROM BlobStorage", b"100|200@300|400@", delimited(), delimited(record="@", column="|", quote="'", escape="\\")))
case("Query Blob Contents", "a-bad-row-is-told", put(b"100,pizza\n300,400\n"),
     query("SELECT _1 FROM BlobStorage WHERE _2 > 250", b"300\n", errors=[(False, "InvalidTypeConversion", 0)]), ref="S59")
case("Query Blob Contents", "a-fatal-error-is-told", put(ROWS),
     query("SELECT * FROM BlobStorage", b"", json(), json(), errors=[(True, "ParseError", 0)]))
case("Query Blob Contents", "large", put(b"0123456789\n" * 400_000),
     query("SELECT COUNT(*) FROM BlobStorage", b"400000\n", scanned=4_400_000),
     query("SELECT * FROM BlobStorage", b"0123456789\n" * 400_000))
case("Query Blob Contents", "if-match", put(ROWS), query("SELECT _1 FROM BlobStorage LIMIT 1", b"100\n", headers={"If-Match": "{etag}"}),
     Step(QUERY, {"If-Match": '"0x8D4BCC2E4835CD0"'}, document("SELECT * FROM BlobStorage"), 412, code="ConditionNotMet"),
     Step(QUERY, {"If-None-Match": "{etag}"}, document("SELECT * FROM BlobStorage"), 304))
case("Query Blob Contents", "if-tags", put(ROWS, headers={"x-ms-tags": "a=1"}),
     Step(QUERY, {"x-ms-if-tags": "a='2'"}, document("SELECT * FROM BlobStorage"), 412, code="ConditionNotMet", differs=True))
case("Query Blob Contents", "lease-that-is-none", put(ROWS),
     Step(QUERY, {"x-ms-lease-id": L1}, document("SELECT * FROM BlobStorage"), 412, code="LeaseNotPresentWithBlobOperation"))
case("Query Blob Contents", "snapshot", put(ROWS), Step("PUT /{c}/b?comp=snapshot", status=201, save={"snapshot": "x-ms-snapshot"}), put(b"new\n"),
     Step("POST /{c}/b?comp=query&snapshot={snapshot}", {}, document("SELECT * FROM BlobStorage"), 200, check=answers(ROWS)),
     query("SELECT * FROM BlobStorage", b"new\n"))
case("Query Blob Contents", "missing-blob", refused("SELECT * FROM BlobStorage", 404, "BlobNotFound"))
case("Query Blob Contents", "append-blob", Step("PUT /{c}/b", {"x-ms-blob-type": "AppendBlob"}, status=201),
     refused("SELECT * FROM BlobStorage", 409, "InvalidBlobType"), ref="S59")
case("Query Blob Contents", "archived", put(ROWS), Step("PUT /{c}/b?comp=tier", {"x-ms-access-tier": "Archive"}, status=200),
     refused("SELECT * FROM BlobStorage", 409, "BlobArchived"))
for name, sql in [("empty", " "), ("not-select", "DELETE FROM BlobStorage"), ("cut", "SELECT * FROM"), ("function", "SELECT FOO(_1) FROM BlobStorage"),
                  ("path", "SELECT * FROM BlobStorage[*].a")]:
    case("Query Blob Contents", f"statement-{name}", put(ROWS), refused(sql, 400, "ErrorProcessingQueryExpression", xml={"Reason": True}))
case("Query Blob Contents", "not-xml", put(ROWS), refused("", 400, "InvalidXmlDocument", b"SELECT"))
case("Query Blob Contents", "another-root", put(ROWS), refused("", 400, "InvalidXmlDocument", b"<Query/>"))
case("Query Blob Contents", "no-expression", put(ROWS), refused("", 400, "MissingRequiredXmlNode", b"<QueryRequest><QueryType>SQL</QueryType></QueryRequest>"))
case("Query Blob Contents", "type-unknown", put(ROWS), refused("", 400, "InvalidXmlNodeValue", document("SELECT * FROM BlobStorage", kind="XPath")))
for kind in ("parquet", "arrow", "xml"):
    case("Query Blob Contents", f"format-{kind}", put(ROWS),
         refused("", 400, "InvalidXmlNodeValue", document("SELECT * FROM BlobStorage", f"<Format><Type>{kind}</Type></Format>"), xml={"XmlNodeName": "Type"}))
case("Query Blob Contents", "too-large", put(ROWS), refused("", 413, "RequestBodyTooLarge", b"<" + b"x" * 600_000))
case("Query Blob Contents", "before-2019-12-12", put(ROWS), refused("SELECT * FROM BlobStorage", 400, "InvalidQueryParameterValue", version="2019-07-07"))
for letters, status in (("r", 200), ("acdt", 403)):
    case("Query Blob Contents", f"sas-{letters}", put(ROWS),
         Step(QUERY, {}, document("SELECT * FROM BlobStorage"), status, auth=lambda s, l=letters: azure.service_sas(f"/{s['c']}/b", sp=l),
              code="AuthorizationPermissionMismatch" if status == 403 else None))
