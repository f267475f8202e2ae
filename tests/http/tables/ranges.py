"""Ranged reads, and the hashes of ranges."""
from case import Step, Table, put
from lib import azure

table = Table("ranges")
case = table.case
DATA = bytes(range(16))
BIG = bytes(5 << 20)

for name, header, value, first, last in [
        ("first-byte", "Range", "bytes=0-0", 0, 0), ("middle", "Range", "bytes=4-7", 4, 7),
        ("open-end", "Range", "bytes=10-", 10, 15), ("whole", "Range", "bytes=0-15", 0, 15),
        ("end-is-clipped", "Range", "bytes=8-100", 8, 15), ("last-byte", "Range", "bytes=15-", 15, 15),
        ("x-ms-range", "x-ms-range", "bytes=2-3", 2, 3), ("x-ms-range-open", "x-ms-range", "bytes=0-", 0, 15)]:
    case("Get Blob", name, put(DATA),
         Step("GET /{c}/b", {header: value}, status=206, content=DATA[first:last + 1], hasnt=("Content-MD5",), has={
             "Content-Range": f"bytes {first}-{last}/16", "Content-Length": str(last - first + 1), "ETag": "{etag}",
             "Accept-Ranges": "bytes", "x-ms-blob-content-md5": azure.md5(DATA)},
              order=("Content-Length", "Content-Type", "Content-Range", "Last-Modified", "Accept-Ranges", "ETag",
                     "x-ms-blob-content-md5", "Date")), ref="A3 A4 R6")
case("Get Blob", "x-ms-range-beats-range", put(DATA),
     Step("GET /{c}/b", {"Range": "bytes=0-1", "x-ms-range": "bytes=4-5"}, status=206, content=DATA[4:6]), ref="A3")
for name, data, value, size in [("start-at-end", DATA, "bytes=16-", 16), ("start-past-end", DATA, "bytes=100-200", 16),
                                ("empty-blob", b"", "bytes=0-", 0), ("empty-blob-closed", b"", "bytes=0-0", 0)]:
    case("Get Blob", f"416-{name}", put(data),
         Step("GET /{c}/b", {"Range": value}, status=416, code="InvalidRange", has={"Content-Range": f"bytes */{size}"},
              differs=True), ref="A3 R6")
case("Get Blob", "range-malformed-is-ignored-or-refused", put(DATA),
     Step("GET /{c}/b", {"Range": "lines=1-2"}, status={200, 400}, differs=True))
for value in ("bytes=-1-", "bytes=-5", "lines=0-1", "bytes=0-1,4-5", "bytes=5-2", "bytes=", "bytes=a-b", "0-3"):
    for header in ("Range", "x-ms-range"):
        case("Get Blob", f"{header.lower()}-ignored-{value}", put(DATA),
             Step("GET /{c}/b", {header: value}, status=200, content=DATA, hasnt=("Content-Range",), differs=True),
             ref="azure-sdk-for-go TestBlobDownloadDataNegativeOffset; RFC 9110 14.2")
case("Get Blob", "range-backwards", put(DATA),
     Step("GET /{c}/b", {"Range": "bytes=5-2"}, status={200, 400, 416}, differs=True))
case("Get Blob", "md5-of-range", put(DATA),
     Step("GET /{c}/b", {"x-ms-range": "bytes=1-4", "x-ms-range-get-content-md5": "true"}, status=206,
          has={"Content-MD5": azure.md5(DATA[1:5]), "x-ms-blob-content-md5": azure.md5(DATA)}), ref="A4 R6")
case("Get Blob", "crc64-of-range", put(DATA),
     Step("GET /{c}/b", {"x-ms-range": "bytes=1-4", "x-ms-range-get-content-crc64": "true"}, status=206,
          has={"x-ms-content-crc64": azure.crc64(DATA[1:5])}, differs=True), ref="A4")
case("Get Blob", "both-hashes-of-range", put(DATA),
     Step("GET /{c}/b", {"x-ms-range": "bytes=1-4", "x-ms-range-get-content-crc64": "true",
                         "x-ms-range-get-content-md5": "true"}, status=400, differs=True), ref="A4 A11")
for header in ("x-ms-range-get-content-md5", "x-ms-range-get-content-crc64"):
    case("Get Blob", f"{header[6:]}-without-range", put(DATA),
         Step("GET /{c}/b", {header: "true"}, status=400, code={"InvalidHeaderValue", "MissingRequiredHeader",
                                                               "InvalidInput"}, differs=True), ref="A4")
    case("Get Blob", f"{header[6:]}-over-4-MiB", put(BIG),
         Step("GET /{c}/b", {"x-ms-range": f"bytes=0-{4 << 20}", header: "true"}, status=400, differs=True,
              code={"InvalidHeaderValue", "InvalidRange", "OutOfRangeInput"}), ref="A4")
    case("Get Blob", f"{header[6:]}-of-4-MiB", put(BIG),
         Step("GET /{c}/b", {"x-ms-range": f"bytes=0-{(4 << 20) - 1}", header: "true"}, status=206,
              differs="crc64" in header, content=BIG[:4 << 20]), ref="A4")
case("Get Blob Properties", "head-ignores-ranges", put(DATA),
     Step("HEAD /{c}/b", {"Range": "bytes=0-3"}, status=200, has={"Content-Length": "16"}, hasnt=("Content-Range",)))
# Across the places where the store cuts: sealed chunks of 16 KiB and pieces of 8 MiB.
LONG = bytes((i * 7 + i // 251) % 256 for i in range(16384 * 3 + 5))
for first, last in [(0, 16383), (16383, 16384), (16384, 16384), (16000, 33000), (49151, 49156), (32767, 49152), (49156, 49156)]:
    case("Get Blob", f"chunk-edges-{first}-{last}", put(LONG),
         Step("GET /{c}/b", {"Range": f"bytes={first}-{last}"}, status=206, content=LONG[first:last + 1]), ref="A3")
