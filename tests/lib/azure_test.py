"""The signing and checksums of this folder against published examples, so that two wrongs do not agree."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import azure  # noqa: E402


class Rules(unittest.TestCase):
    def test_crc64_check_value(self):
        # The catalogue's check value of CRC-64/NVME over "123456789" is AE8B14860A799888.
        self.assertEqual(azure.crc64(b"123456789"), "iJh5CoYUi64=")

    def test_canonical_resource_sorts_and_decodes(self):
        target = "/account/container?restype=container&comp=list&include=metadata&INCLUDE=a%2Cb"
        self.assertEqual(azure.canonical_resource("account", target),
                         "/account/account/container\ncomp:list\ninclude:a,b,metadata\nrestype:container")

    def test_headers_sort_without_regard_to_hyphens(self):
        names = ["x-ms-meta-ab", "x-ms-meta-a-c", "x-ms-meta-a-b", "x-ms-date"]
        self.assertEqual(sorted(names, key=azure.header_order),
                         ["x-ms-date", "x-ms-meta-ab", "x-ms-meta-a-b", "x-ms-meta-a-c"])

    def test_shared_key_documented_example(self):
        # The example of "Authorize with Shared Key": its string-to-sign, made of the same headers.
        headers = [("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2015-02-21")]
        self.assertEqual(azure.canonical_headers(headers),
                         "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n")
        target = "/mycontainer?comp=metadata&restype=container&timeout=20"
        self.assertEqual(azure.canonical_resource("myaccount", target),
                         "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20")

    def test_zero_length_signs_as_empty(self):
        with_zero = azure.shared_key("a", azure.KEY, "PUT", "/a/c", [("Content-Length", "0")])
        without = azure.shared_key("a", azure.KEY, "PUT", "/a/c", [])
        self.assertEqual(with_zero, without)


if __name__ == "__main__":
    unittest.main()
