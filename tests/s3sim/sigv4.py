"""Checks AWS Signature Version 4 as a strict server would: from the Amazon S3 API reference, sharing nothing with the
client under test."""
import datetime
import hashlib
import hmac
import re
import urllib.parse

UNSIGNED = "UNSIGNED-PAYLOAD"
MAX_SKEW_SECONDS = 15 * 60
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})")


class Refused(Exception):
    """An S3 error to answer with; `extra` holds further elements of its document."""

    def __init__(self, status, code, message, **extra):
        super().__init__(message)
        self.status, self.code, self.message, self.extra = status, code, message, extra


def encode(text, safe=""):
    return urllib.parse.quote(text, safe="-._~" + safe)


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(secret, day, region, service):
    key = _hmac(("AWS4" + secret).encode(), day)
    for step in (region, service, "aws4_request"):
        key = _hmac(key, step)
    return key


def canonical_query(query):
    pairs = []
    for part in query.split("&") if query else []:
        name, _, value = part.partition("=")
        pairs.append((encode(urllib.parse.unquote(name)), encode(urllib.parse.unquote(value))))
    return "&".join(f"{n}={v}" for n, v in sorted(pairs))


def verify(method, path, query, headers, body, *, keys, region, now, token=None):
    """`headers`: list of (lower-case name, value). Raises Refused. Returns the access key."""
    fields = dict(headers)
    match = _AUTHORIZATION.fullmatch(fields.get("authorization", ""))
    if not match:
        raise Refused(403, "AccessDenied", "No Signature Version 4 in the Authorization header.")
    access, day, asked_region, service, signed, signature = match.groups()
    if access not in keys:
        raise Refused(403, "InvalidAccessKeyId", "The access key ID is not known here.", AWSAccessKeyId=access)
    if token is not None and fields.get("x-amz-security-token") != token:
        raise Refused(403, "InvalidToken", "The session token is not valid.")
    if asked_region != region or service != "s3":
        raise Refused(400, "AuthorizationHeaderMalformed",
                      f"The authorization header is malformed; the region '{asked_region}' is wrong; expecting '{region}'",
                      Region=region)
    stamp = fields.get("x-amz-date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or not stamp.startswith(day):
        raise Refused(403, "AccessDenied", "x-amz-date is missing, malformed or of another day than the credential.")
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((when - now).total_seconds()) > MAX_SKEW_SECONDS:
        raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and the server's is too large.",
                      RequestTime=stamp, ServerTime=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                      MaxAllowedSkewMilliseconds=str(MAX_SKEW_SECONDS * 1000))
    if "x-amz-content-sha256" not in fields:
        raise Refused(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    names = signed.split(";")
    if names != sorted(set(names)):
        raise Refused(400, "AuthorizationHeaderMalformed", "SignedHeaders is not sorted.")
    unsigned = [n for n, _ in headers if (n == "host" or n == "content-type" or n.startswith("x-amz-")) and n not in names]
    missing = [n for n in names if n not in fields]
    if unsigned or missing:
        raise Refused(403, "AccessDenied", f"Headers not signed: {unsigned}; signed but not sent: {missing}")
    declared = fields["x-amz-content-sha256"]
    canonical = "\n".join([method, path, canonical_query(query)]
                          + [f"{n}:{' '.join(fields[n].split())}" for n in names]
                          + ["", signed, declared])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{day}/{region}/s3/aws4_request",
                         hashlib.sha256(canonical.encode()).hexdigest()])
    expected = _hmac(signing_key(keys[access], day, region, "s3"), to_sign).hex()
    if not hmac.compare_digest(expected, signature):
        raise Refused(403, "SignatureDoesNotMatch", "The signature computed here is another one.",
                      StringToSign=to_sign, CanonicalRequest=canonical)
    if declared != UNSIGNED:
        if not re.fullmatch(r"[0-9a-f]{64}", declared):
            raise Refused(400, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a SHA-256.")
        if hashlib.sha256(body).hexdigest() != declared:
            raise Refused(400, "XAmzContentSHA256Mismatch", "The body's SHA-256 is not the declared one.")
    return access
