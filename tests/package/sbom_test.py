"""The SBOM names everything that the program consists of, and is what SPDX 2.3 says it must be."""
import os
import pathlib
import subprocess
import unittest

import packages
import debian_packages

ALL = os.environ.get("PACKAGE_ALL") == "yes"
CACHE = pathlib.Path(os.environ.get("BASCULE_CACHE", packages.ROOT / ".cache"))


class Sbom(unittest.TestCase):
    def setUp(self):
        self.document = packages.sbom()
        self.packages = {one["name"]: one for one in self.document["packages"]}

    def relations(self, kind):
        return {(one["spdxElementId"], one["relatedSpdxElement"]) for one in self.document["relationships"] if one["relationshipType"] == kind}

    def test_every_library_is_named(self):
        linked = {one for _, one in self.relations("DYNAMIC_LINK")}
        for name in debian_packages.linked(packages.PROGRAM):
            self.assertIn(self.packages[name]["SPDXID"], linked)
            self.assertEqual(self.packages[name]["versionInfo"], debian_packages.package(name).version)
        for name in debian_packages.named("build"):
            self.assertIn(name, self.packages)

    def test_each_has_version_licence_and_origin(self):
        for name, one in self.packages.items():
            self.assertTrue(one["versionInfo"], name)
            self.assertNotIn(one["licenseDeclared"], ("", "NOASSERTION", "NONE"), name)
            if name != "bascule":
                self.assertRegex(one["downloadLocation"], r"^https://snapshot\.debian\.org/package/[a-z0-9.+-]+/[0-9][^/]*/$", name)
                self.assertTrue(one["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/debian/"), name)

    def test_what_is_compiled_in(self):
        names = {one["SPDXID"]: one["name"] for one in self.document["packages"]}
        compiled_in = {names[one] for _, one in self.relations("STATIC_LINK")}
        self.assertLessEqual({"librocksdb-dev", "libcli11-dev", "libboost1.81-dev"}, compiled_in)

    def test_both_packages_hold_it(self):
        text = packages.only("*.spdx.json").read_bytes()
        held = subprocess.run(f"dpkg-deb --fsys-tarfile '{packages.deb()}' | tar -xOf - ./usr/share/doc/bascule/bascule.spdx.json", shell=True,
                              capture_output=True, check=True).stdout
        self.assertEqual(held, text)

    @unittest.skipUnless(ALL, "with --all")
    def test_a_validator_of_others_takes_it(self):
        validator = CACHE / "spdx/bin/pyspdxtools"
        done = subprocess.run([validator, "--infile", packages.only("*.spdx.json")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        broken = packages.temporary() / "broken.spdx.json"
        broken.write_text(packages.only("*.spdx.json").read_text().replace('"EUPL-1.2"', '"No such licence"'))
        self.assertNotEqual(subprocess.run([validator, "--infile", broken], capture_output=True).returncode, 0, "what shows that it looks")


if __name__ == "__main__":
    unittest.main()
