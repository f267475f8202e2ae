"""Server-side request forgery: without a setting that allows it, no copy operation reaches this machine or its networks."""
import unittest

from lib import azure, server
from lib.azure import block_id
from lib.source import Source

BLOCK = block_id(1).replace("=", "%3D")
WAYS = {
    "Put Blob From URL": ("/cont/new", {"x-ms-blob-type": "BlockBlob"}),
    "Put Block From URL": (f"/cont/new?comp=block&blockid={BLOCK}", {}),
    "Copy Blob From URL": ("/cont/new", {"x-ms-requires-sync": "true"}),
    "Copy Blob": ("/cont/new", {}),
}
HOSTS = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost", "[::1]", "[::ffff:127.0.0.1]",
         "[::ffff:7f00:1]"]
METADATA_SERVICES = ["169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16"]


def ask(client, way, url):
    path, headers = WAYS[way]
    return client.send("PUT", path, {**headers, "x-ms-copy-source": url}, b"")


class Guard(unittest.TestCase):
    def setUp(self):
        self.source = Source()
        self.source.__enter__()
        self.addCleanup(self.source.__exit__)

    def serve(self, settings):
        one = server.Server(config=f"[copy]\n{settings}\n")
        one.__enter__()
        self.addCleanup(one.__exit__)
        client = azure.Client(one.address)
        self.addCleanup(client.close)
        self.assertEqual(client.send("PUT", "/cont?restype=container").status, 201)
        return client

    def assertDenied(self, response, what):
        self.assertEqual((response.status, response.code()), (404, "CannotVerifyCopySource"), what)

    def test_nothing_of_this_machine_is_reached(self):
        client = self.serve("allow_plain_http = true")
        port = self.source.address.rpartition(":")[2]
        for way in WAYS:
            answers = set()
            for host in HOSTS:
                response = ask(client, way, f"http://{host}:{port}/plain")
                self.assertDenied(response, f"{way} from {host}")
                answers.add(response.xml().findtext("Message").split("\n")[0])
            for host in METADATA_SERVICES:
                self.assertDenied(ask(client, way, f"http://{host}/latest/meta-data/"), f"{way} from {host}")
            # Where nobody listens, and where somebody does, look the same from outside.
            self.assertDenied(ask(client, way, "http://127.0.0.1:1/"), way)
            self.assertEqual(len(answers), 1, answers)
            self.assertEqual(client.send("HEAD", "/cont/new").status, 404)
        self.assertEqual(sum(self.source.counts.values()), 0, "the source was asked")

    def test_control_the_setting_allows_it(self):
        client = self.serve('allow_plain_http = true\nnetworks = ["127.0.0.0/8"]')
        port = self.source.address.rpartition(":")[2]
        self.assertEqual(ask(client, "Put Blob From URL", f"http://localhost:{port}/plain").status, 201)
        for way in WAYS:   # Copy Blob, which stays pending a while, comes last
            self.assertIn(ask(client, way, f"http://{self.source.address}/plain").status, (201, 202), way)
        # What is allowed is that network alone.
        for host in ("169.254.169.254", f"[::1]:{port}"):
            response = client.send("PUT", "/cont/other", {"x-ms-blob-type": "BlockBlob", "x-ms-copy-source": f"http://{host}/plain"}, b"")
            self.assertDenied(response, host)

    def test_a_redirect_leads_nowhere(self):
        inner = Source(("127.0.0.2", 0))
        with inner:
            client = self.serve('allow_plain_http = true\nnetworks = ["127.0.0.1"]')
            for way in WAYS:
                response = ask(client, way, f"http://{self.source.address}/redirect?to=http://{inner.address}/plain")
                self.assertEqual((response.status, response.code()), (409, "CannotVerifyCopySource"), way)
            self.assertEqual(sum(inner.counts.values()), 0, "the redirect was followed")

    def test_plain_http_is_refused_by_default(self):
        client = self.serve('networks = ["127.0.0.1"]')
        for way in WAYS:
            self.assertDenied(ask(client, way, f"http://{self.source.address}/plain"), way)
        self.assertEqual(sum(self.source.counts.values()), 0)


if __name__ == "__main__":
    unittest.main()
