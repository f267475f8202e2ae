"""Batches as multipart/mixed: a body of requests, each signed for itself, and the answers of each."""
from lib import azure

CRLF = "\r\n"


def signed(method, target, headers=None, account=azure.ACCOUNT, key=azure.KEY):
    """One part's request: the address as it stands on the part's request line, signed with the account's key."""
    pairs = [("x-ms-date", azure.http_date()), ("Content-Length", "0"), *(headers or {}).items()]
    pairs.append(("Authorization", azure.shared_key(account, key, method, target, pairs)))
    return method, target, pairs


def plain(method, target, headers=None):
    return method, target, list((headers or {}).items())


def body(requests, boundary="batch_0", ids=None):
    text = ""
    for number, (method, target, pairs) in enumerate(requests):
        identifier = ids[number] if ids else number
        text += f"--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        if identifier is not None:
            text += f"Content-ID: {identifier}\r\n"
        text += f"\r\n{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + CRLF
    return (text + f"--{boundary}--\r\n").encode()


class Part:
    def __init__(self, text):
        outer, _, inner = text.partition("\r\n\r\n")
        self.outer = dict(line.split(": ", 1) for line in outer.split(CRLF))
        head, _, self.body = inner.partition("\r\n\r\n")
        lines = head.split(CRLF)
        version, status, self.reason = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", version
        self.status = int(status)
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if line)}
        self.names = list(self.headers)
        self.id = self.outer.get("Content-ID")


def parts(response):
    """The parts of a batch's answer, strictly in the service's form."""
    kind, _, boundary = response.header("Content-Type").partition("; boundary=")
    assert kind == "multipart/mixed" and boundary.startswith("batchresponse_"), response.header("Content-Type")
    text = response.body.decode("utf-8")
    assert text.endswith(f"--{boundary}--"), text[-80:]
    pieces = text[:-len(f"--{boundary}--")].split(f"--{boundary}\r\n")
    assert pieces[0] == "", pieces[0]
    return [Part(piece) for piece in pieces[1:]]
