"""python3 tests/s3/bucket.py ENDPOINT BUCKET: makes the bucket (fine if it is there), signing with the simulator's own
Signature V4. Keys, region and authorities come from the same BASCULE_S3_… variables as in src/provider/s3/s3_real_test.cc."""
import datetime
import hashlib
import hmac
import os
import pathlib
import ssl
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "s3sim"))
from sigv4 import signing_key  # noqa: E402


def main():
    endpoint, bucket = sys.argv[1].rstrip("/"), sys.argv[2]
    access = os.environ.get("BASCULE_S3_ACCESS_KEY", "test")
    secret = os.environ.get("BASCULE_S3_SECRET_KEY", "testsecret")
    region = os.environ.get("BASCULE_S3_REGION", "us-east-1")
    host = endpoint.partition("://")[2]
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    signed = ";".join(sorted(headers))
    canonical = "\n".join(["PUT", f"/{bucket}", ""] + [f"{n}:{headers[n]}" for n in sorted(headers)] + ["", signed, payload])
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(signing_key(secret, stamp[:8], region, "s3"), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={access}/{scope},SignedHeaders={signed},Signature={signature}"
    authorities = os.environ.get("BASCULE_S3_CA_FILE")
    context = ssl.create_default_context(cafile=authorities) if authorities else None
    request = urllib.request.Request(f"{endpoint}/{bucket}", data=b"", method="PUT", headers=headers)
    try:
        urllib.request.urlopen(request, timeout=30, context=context)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        if error.code != 409 or "BucketAlready" not in text:
            sys.exit(f"bucket {bucket} at {endpoint}: HTTP {error.code}: {text[:500]}")


main()
