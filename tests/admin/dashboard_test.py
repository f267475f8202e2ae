"""The Grafana dashboard and the alerts: each expression is PromQL, and names metrics and labels that a running server has."""
import json
import pathlib
import re
import shutil
import subprocess
import unittest
import urllib.request

import promql_parser
import yaml

import support
from lib import azure

GRAFANA = pathlib.Path(__file__).resolve().parents[2] / "packaging/grafana"
FROM_PROMETHEUS = {"instance", "job", "le"}
# Only there where it applies: an empty disk does not fill up.
NOT_ALWAYS = {"bascule_data_full_seconds"}


def selectors(expression):
    """Every metric with the labels that its matchers name."""
    found = []

    def walk(node):
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node.name, {matcher.name for matcher in node.matchers.matchers}))
            return
        for part in ("expr", "lhs", "rhs", "vector_selector", "vs"):
            if getattr(node, part, None) is not None:
                walk(getattr(node, part))
        for argument in getattr(node, "args", None) or []:
            walk(argument)

    walk(promql_parser.parse(expression))
    return found


def grouped(expression):
    return {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")}


class Dashboard(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = azure.Client(cls.server.address)
        client.send("PUT", "/con?restype=container", {}, b"")
        client.send("PUT", "/con/b", {"x-ms-blob-type": "BlockBlob"}, b"content")
        client.send("GET", "/con/b", {}, None)
        client.close()
        with urllib.request.urlopen(f"http://{cls.server.admin_address}/metrics", timeout=10) as answer:
            cls.text = answer.read().decode()
        cls.labels = {}
        for line in cls.text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                for full in [name] if kind != "histogram" else [name + end for end in ("_bucket", "_sum", "_count")]:
                    cls.labels.setdefault(full, set())
            elif not line.startswith("#"):
                name = re.match(r"[a-z_]+", line).group()
                cls.labels[name] |= set(re.findall(r'([a-z_]+)="', line))
        cls.dashboard = json.loads((GRAFANA / "bascule.json").read_text())
        cls.alerts = yaml.safe_load((GRAFANA / "alerts.yml").read_text())

    def expressions(self):
        for panel in self.dashboard["panels"]:
            for target in panel.get("targets", []):
                yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
        for group in self.alerts["groups"]:
            for rule in group["rules"]:
                yield rule["alert"], rule["expr"]

    def test_each_expression_asks_for_what_there_is(self):
        count = 0
        for title, expression in self.expressions():
            with self.subTest(title=title, expression=expression):
                found = selectors(expression)
                self.assertTrue(found)
                there = set(FROM_PROMETHEUS)
                for name, labels in found:
                    count += 1
                    self.assertIn(name, self.labels, "there is no such metric")
                    self.assertLessEqual(labels, self.labels[name] | FROM_PROMETHEUS, "it has no such label")
                    there |= self.labels[name]
                self.assertLessEqual(grouped(expression), there)
                if re.search(r"\b(rate|increase)\(", expression):
                    for name, _ in found:
                        self.assertRegex(name, r"_(total|bucket|sum|count)$", "a rate of what is no counter")
        self.assertGreater(count, 50)

    def test_a_metric_that_is_not_there_would_be_found(self):
        self.assertEqual(selectors('sum(rate(bascule_reqests_total{a="b"}[5m]))'), [("bascule_reqests_total", {"a"})])
        self.assertNotIn("bascule_reqests_total", self.labels)
        with self.assertRaises(Exception):
            selectors("sum(rate(x[5m])")

    def test_every_series_has_a_sample_or_a_reason(self):
        samples = {re.match(r"[a-z_]+", line).group() for line in self.text.splitlines() if not line.startswith("#")}
        for _, expression in self.expressions():
            for name, _ in selectors(expression):
                self.assertTrue(name in samples or name in NOT_ALWAYS, name)

    def test_it_can_be_imported(self):
        d = self.dashboard
        self.assertGreaterEqual(d["schemaVersion"], 36)
        self.assertEqual([one["name"] for one in d["__inputs"]], ["DS_PROMETHEUS"])
        self.assertIsNone(d.get("id"))
        ids = [panel["id"] for panel in d["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in d["panels"]:
            self.assertIn(panel["type"], ("row", "stat", "timeseries"))
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for target in panel.get("targets", []):
                self.assertEqual(target["datasource"]["uid"], "${DS_PROMETHEUS}")
        taken = set()
        for panel in d["panels"]:
            p = panel["gridPos"]
            cells = {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_series_by_account_are_bounded(self):
        # No secret, no blob's name, nothing that a client chooses becomes a label.
        client = azure.Client(self.server.address, account="nobodyatall")
        client.send("GET", "/con/b", {}, None)
        client.close()
        with urllib.request.urlopen(f"http://{self.server.admin_address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        self.assertEqual(set(re.findall(r'account="([^"]*)"', text)), {"devstoreaccount1", "(unknown)"})
        self.assertNotIn("nobodyatall", text)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_agrees(self):
        subprocess.run(["promtool", "check", "rules", GRAFANA / "alerts.yml"], check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
