"""The page of bascule assess: sound in both languages, bounded, and harmless whatever the names in an estate are."""
import json
import re
import subprocess
import sys
import unittest

from compare_test import HOSTILE
from support import HERE, Case, Page

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"


def hostile_estate(names=tuple(HOSTILE)):
    """A Resource Graph answer whose names, groups, places, kinds and types are hostile."""
    rows = []
    for number, name in enumerate(names):
        name = name.replace("/", "\\")   # a slash would end a part of the id
        for arm_type in ("microsoft.storage/storageaccounts", "microsoft.compute/disks", f"microsoft.{name}/things"):
            rows.append({"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}/providers/{arm_type}/{name}{number}", "name": f"{name}{number}",
                         "type": arm_type, "location": name, "resourceGroup": name, "subscriptionId": SUBSCRIPTION, "kind": name,
                         "sku": {"name": name, "tier": name}, "properties": {"isHnsEnabled": True, "note": name}})
    return {"count": len(rows), "data": rows, "skip_token": None, "total_records": len(rows)}


class Pages(Case):
    def page(self, *arguments, language="en", exit_code=0):
        path = self.folder / "page.html"
        self.bascule("assess", *arguments, "--html", path, "--lang", language, exit_code=exit_code)
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.faults, [])
        self.assertEqual(page.lang, language)
        self.assertNotIn("??", page.text)
        for one, two in zip(page.headings, page.headings[1:]):
            self.assertLessEqual(two, one + 1, "a heading skips a level")
        return text, page

    def estate(self, count, forms="graph"):
        out = self.folder / f"estate-{count}"
        subprocess.run([sys.executable, HERE / "generate.py", "--resources", str(count), "--seed", "7", "--out", out, "--forms", forms],
                       check=True, stdout=subprocess.DEVNULL)
        return out

    def test_every_resource_of_a_small_estate_is_on_its_page(self):
        estate = self.estate(37, "graph,logs,cost")
        answer = json.loads(self.bascule("assess", estate, "--json").stdout)
        self.assertEqual(len(answer["resources"]), 37)
        for language in ("en", "fr"):
            _, page = self.page(estate, language=language)
            for resource in answer["resources"]:
                self.assertIn(resource["id"], page.text)
            for row in answer["checklist"]:
                self.assertTrue(row["id"])
        self.assertIn("sont ici", page.text)

    def test_the_page_of_a_large_estate_is_bounded_and_says_so(self):
        text, page = self.page(self.estate(20000, "pages"))
        self.assertLess(len(text), 8 << 20)
        rows = len(re.findall(r"<code>/subscriptions/", text))
        self.assertLessEqual(rows, 4000)
        self.assertGreater(rows, 500)
        self.assertRegex(page.text, r"[\d,]+ of 20,000 resources are here.*--json")

    def test_hostile_names_are_text(self):
        estate = self.file("hostile.json", json.dumps(hostile_estate()))
        for language in ("en", "fr"):
            text, page = self.page(estate, language=language)
            self.assertNotRegex(text, "[\u202a-\u202e\u2066-\u2069]")
            self.assertNotRegex(text, r"(?i)<(script|img|iframe|svg onload)")
            for name in HOSTILE[:4]:
                self.assertIn(name.replace("/", "\\"), page.text)

    def test_names_of_a_megabyte(self):
        estate = self.file("long.json", json.dumps(hostile_estate(["<b>" + "x" * (1 << 20)])))
        text, _ = self.page(estate, exit_code=None)
        self.assertLess(len(text), 1 << 20)

    def test_a_page_that_cannot_be_written(self):
        run = self.bascule("assess", self.estate(37), "--html", self.folder / "no" / "page.html", exit_code=1)
        self.assertIn("cannot write", run.stderr)


if __name__ == "__main__":
    unittest.main()
