"""`bascule assess` as a person runs it: every input form, a golden result, hostile inputs, planted secrets.

The measurement of a million resources is tests/estate/million, by hand.
"""
import copy
import json
import os
import re
import subprocess
import unittest

import generate
import support

RESOURCE_FORMS = ["graph", "pages", "table", "lines", "csv", "utf16", "template", "state", "plan"]


def assess(*arguments, stdin=None, expect=0):
    run = subprocess.run([support.PROGRAM, "assess", *map(str, arguments)], capture_output=True, input=stdin, timeout=300)
    if expect is not None:
        assert run.returncode == expect, f"exit code {run.returncode}, not {expect}: {run.stderr[-500:]}"
    return run


def answer(*arguments, stdin=None, expect=0):
    result = json.loads(assess(*arguments, "--json", stdin=stdin, expect=expect).stdout)
    if len(result["resources"]) < 1000:   # the validator takes its time
        support.check_schema("assess.schema.json", result)
    return result


def notes(result, file=0):
    return {note["id"] for note in result["inputs"][file]["notes"]}


def without_times(result):
    """What a golden result is compared by: no time, no version, no folder of this run."""
    kept = copy.deepcopy(result)
    for name in ("made", "version"):
        kept[name] = ""
    text = re.sub(r'"date": "20[0-9-]{8}T[0-9:]{8}Z"', '"date": ""', json.dumps(kept))
    return json.loads(re.sub(r'/[^" ,]*/bascule-estate-[a-z0-9_]+/', "", text))


class Assess(support.Case):
    def setUp(self):
        super().setUp()
        self.place = self.folder / "estate"   # what is assessed as a folder
        self.place.mkdir()

    def write(self, name, content):
        path = self.place / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def estate(self, count, *forms):
        to = self.place
        for file in to.iterdir():
            file.unlink()
        generate.generate(count, 1, to, forms or generate.FORMS)
        for file in to.iterdir():
            os.utime(file, (1793404800, 1793404800))   # 2026-10-31
        return to

    def test_golden_result_of_37_resources_in_every_form_at_once(self):
        prices = self.file("prices.csv", "provider,item,unit,price,currency,source,date\nscaleway,object,GB/month,0.0146,EUR,offer,2026-11-01\n"
                            "scaleway,egress,GB,0,EUR,offer,2026-11-01\nscaleway,Microsoft.Compute/virtualMachines,resource/month,90,EUR,offer,2026-11-01\n")
        result = without_times(answer(self.estate(37), "--bandwidth", "1Gbit/s", "--prices", prices))
        self.golden("assess37.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n")

    def test_every_form_alone_says_the_same(self):
        first = None
        for form in RESOURCE_FORMS:
            result = answer(self.estate(185, form))
            moves = result["by_move"]
            first = first or moves
            # A plan does not know yet which server a database belongs to, and here are five of one name.
            assert moves == first or form == "plan", f"{form}: {moves}, not {first}"
            names = sorted((r["type"].lower(), r["name"]) for r in result["resources"])
            if form not in ("plan", "state"):
                assert len(names) == 185, f"{form}: {len(names)} resources"
            if form not in ("plan",):
                assert len(result["waves"]) == 5 and len(result["cycles"]) == 5, f"{form}: {len(result['waves'])} waves, {len(result['cycles'])} cycles"

    def test_five_thousand_resources_in_every_form_are_merged_by_id(self):
        # without plans: see above
        result = answer(self.estate(5000, *[form for form in generate.FORMS if form != "plan"]))
        assert result["resources_count"]["value"] == 5000, result["resources_count"]
        assert result["merged"] > 30000 and result["missing"] == 0, (result["merged"], result["missing"])
        place = {i: r for i, r in enumerate(result["resources"])}
        moving = ("none", "not ours")
        for resource in result["resources"]:
            for on in resource.get("depends_on", []):
                other = place[on]
                together = other["move"] in moving or resource.get("cycle", 0) == other.get("cycle", -1) or resource["name"].startswith(other["name"] + "/")
                assert resource["wave"] == 0 or other["wave"] < resource["wave"] or together, f"{resource['id']} goes before {other['id']}"

    def test_ids_are_compared_without_case_and_resources_filled_from_all_inputs(self):
        one = self.write("1.json", '[{"id":"/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/Acme","type":"x"}]')
        two = self.write("2.json", '[{"id":"/SUBSCRIPTIONS/s/resourcegroups/g/PROVIDERS/microsoft.storage/storageaccounts/acme","type":"x","location":"westeurope",'
                                      '"properties":{"isHnsEnabled":true}}]')
        result = answer(one, two)
        assert [(r["location"], r["move"], r["inputs"]) for r in result["resources"]] == [("westeurope", "planned", 2)], result["resources"]
        assert result["merged"] == 1

    def test_fifty_five_thousand_rows_are_named_as_the_portals_limit(self):
        head = "id,name,type\r\n"
        row = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d{0},d{0},microsoft.compute/disks\r\n"
        for count, named in ((54_999, False), (55_000, True), (55_001, False)):
            result = answer(self.write("portal.csv", head + "".join(row.format(i) for i in range(count))))
            assert ("row-limit" in notes(result)) == named, (count, notes(result))

    def test_missing_pages_are_named(self):
        self.estate(2500, "pages")
        assert "pages-missing" not in set().union(*(notes(answer(self.place), i) for i in range(3)))
        (self.place / "page-0002.json").unlink()
        result = answer(self.place)
        assert "pages-missing" in notes(result, 1), result["inputs"]

    def test_planted_secrets_come_out_nowhere(self):
        self.estate(74)
        self.write("canary.json", '[{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d","location":"canary-location"}]')
        self.write("raw.tfstate", json.dumps({"version": 4, "terraform_version": "1.9.5", "outputs": {"k": {"value": generate.SECRETS["primary_access_key"]}}, "resources": [{
            "mode": "managed", "type": "azurerm_storage_account", "name": "a", "instances": [{"attributes": {
                "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/raw", "location": generate.SECRETS["administrator_login_password"], **generate.SECRETS},
                "sensitive_attributes": [[{"type": "get_attr", "value": "location"}]]}]}]}))
        # A careless hand named a resource, a user agent and a location after a key.
        key = generate.SECRETS["primary_access_key"]
        self.write("careless.json", json.dumps([{"id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/{key.replace('/', '_')}", "location": key}]))
        self.write("broken.json", '[{"id":"/subscriptions/s/x","password":"' + generate.SECRETS["administrator_login_password"] + '", oops')
        said = b""
        for more in (("--json",), ("--json", "--lang", "fr"), (), ("--lang", "fr")):
            run = assess(self.place, *more, expect=1)
            said += run.stdout + run.stderr
        inputs = b"".join(file.read_bytes() for file in self.place.iterdir())
        words = [value.encode() for value in generate.SECRETS.values()] + [generate.SECRETS["primary_access_key"].replace("/", "_").encode(), b"UGxhbnRlZ", b"private/name.txt"]
        for word in words:
            assert word in inputs, f"the planting is not in the inputs: {word[:12]}"
            assert word not in said and word[:20] not in said, f"came out: {word[:12]}"
        assert b"canary-location" in said, "the scan would find nothing: a word that must come out did not"

    def test_hostile_names_stay_text(self):
        name = "<img src=x onerror=alert(1)>\u202e\u009b31m"
        file = self.write("a.json", json.dumps([{"id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/{name}", "location": "</script>\x1b[31m"}]))
        run = assess(file, "--json")
        assert b"<img" not in run.stdout and b"</script" not in run.stdout and b"\x1b" not in run.stdout
        assert json.loads(run.stdout)["resources"][0]["name"].startswith("<img")
        shown = assess(file).stdout.decode()
        assert not any(c in shown for c in "\x1b\u202e\u009b"), "the summary can steer a terminal"

    def test_broken_inputs_are_named_with_their_place(self):
        good = '{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/%s","type":"microsoft.compute/disks"}'
        cases = [
            ("cut.json", '{"data":[' + good % "a" + "," + (good % "b")[:40], 1, "truncated", 1),
            ("lines.jsonl", good % "a" + "\n" + '{"id":oops}\n' + good % "b" + "\n", 1, "malformed", 2),
            ("pretty.json", '{\n "data": [\n' + good % "a" + ",\n nonsense\n]}", 1, "malformed", 1),
            ("deep.json", "[" * 100_000, 2, "malformed", 0),
            ("empty.json", " \n", 2, "empty", 0),
            ("zip.json", b"PK\x03\x04....", 2, "unreadable", 0),
            ("packed.csv.gz", b"\x1f\x8b\x08....", 2, "unreadable", 0),
            ("binary.bin", b"ab\x00\x01\x02cd\x00", 2, "unreadable", 0),
            ("prose.txt", "Dear all,\nplease find attached\n", 2, "not-recognised", 0),
            ("other.json", '{"hello":"world"}', 1, "unknown-records", 0),
            ("quote.csv", 'id,name,type\n"/subscriptions/s/resourceGroups/g/providers/A.B/c/d,x,y\nmore\n', 2, "malformed", 0),
            ("columns.csv", "id,name,type\n/subscriptions/s/resourceGroups/g/providers/A.B/c/d,d,A.B/c\n1,2\n", 1, "columns", 1),
            ("cell.csv", 'id,name,type,properties\n/subscriptions/s/resourceGroups/g/providers/A.B/c/d,d,A.B/c,"{""a"":"\n', 0, "bad-cell", 1),
            ("latin.csv", "id,name,type\n/subscriptions/s/resourceGroups/g\xe9/providers/A.B/c/d,d,A.B/c\n".encode("latin-1"), 0, "encoding", 1),
            ("noid.csv", "name,type\nx,Storage account\n", 1, "no-id", 0),
            ("nocost.csv", "ResourceId,CostInBillingCurrency,Date\n/subscriptions/s/resourceGroups/g/providers/A.B/c/d,much,2026-10-01\n", 2, "no-cost", 0),
        ]
        for name, content, code, note, resources in cases:
            run = assess(self.write(name, content), "--json", expect=None)
            assert run.returncode == code, f"{name}: exit code {run.returncode}, not {code}"
            result = json.loads(run.stdout)
            assert note in notes(result), f"{name}: {result['inputs'][0]['notes']}"
            assert len(result["resources"]) == resources, f"{name}: {len(result['resources'])} resources"
            assert result["complete"] == (code == 0 or note == "empty"), name
            found = next(n for n in result["inputs"][0]["notes"] if n["id"] == note)
            if note in ("truncated", "malformed"):
                assert found.get("line") or found.get("offset_bytes"), f"{name}: no place: {found}"
        result = answer(self.folder / "no-such-file", expect=2)
        assert "unreadable" in notes(result)
        lines = "\n".join('{"id":oops}' for _ in range(500))
        result = answer(self.write("many.jsonl", lines), expect=2)
        assert len(result["inputs"][0]["notes"]) < 10, "a broken input floods the result"

    def test_a_record_larger_than_the_limit_is_left_out_and_the_rest_read(self):
        good = '{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/%s","type":"x"%s}'
        big = ',"properties":{"x":"' + "y" * (17 << 20) + '"}'
        result = answer(self.write("a.json", '{"data":[' + good % ("a", big) + "," + good % ("b", "") + "]}"), expect=1)
        assert "too-large" in notes(result) and [r["name"] for r in result["resources"]] == ["b"], result["inputs"]

    def test_templates_parameters_behind_their_resources_children_copies_and_nesting(self):
        template = {
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "resources": [
                {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[toLower(concat(parameters('prefix'), variables('suffix')))]", "kind": "StorageV2",
                 "properties": {"isHnsEnabled": "[parameters('lake')]"},
                 "resources": [{"type": "blobServices/containers", "apiVersion": "2023-01-01", "name": "default/logs"}]},
                {"type": "Microsoft.Compute/disks", "apiVersion": "2023-01-01", "name": "[format('disk{0}', copyIndex())]", "copy": {"name": "c", "count": 3}},
                {"type": "Microsoft.Compute/disks", "apiVersion": "2023-01-01", "name": "never", "condition": False},
                {"type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-01-01", "name": "[parameters('secret')]"},
                {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner", "properties": {
                    "expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"n": {"value": "[parameters('prefix')]"}},
                    "template": {"parameters": {"n": {"type": "string"}}, "resources": [{"type": "Microsoft.Cache/Redis", "apiVersion": "2023-08-01", "name": "[parameters('n')]",
                                 "dependsOn": ["[resourceId('Microsoft.KeyVault/vaults', 'x')]"]}]}}}],
            "variables": {"suffix": "ONE"},
            "parameters": {"prefix": {"type": "string", "defaultValue": "Acme"}, "lake": {"type": "bool", "defaultValue": True},
                           "secret": {"type": "secureString", "defaultValue": "planted-Passw0rd-9471"}}}
        run = assess(self.write("t.json", json.dumps(template)), "--json")
        assert b"planted-Passw0rd" not in run.stdout
        found = {r["name"]: r for r in json.loads(run.stdout)["resources"]}
        assert {"acmeone", "acmeone/default/logs", "disk0", "disk1", "disk2", "Acme", "inner"} <= set(found) and "never" not in found, sorted(found)
        assert found["acmeone"]["move"] == "planned" and found["acmeone"]["partial"]

    def test_an_expression_that_feeds_itself_ends(self):
        loop = {f"p{i}": {"type": "string", "defaultValue": f"[concat(parameters('p{i + 1}'), parameters('p{i + 1}'))]"} for i in range(40)}
        loop["p40"] = {"type": "string", "defaultValue": "[parameters('p0')]"}
        template = {"contentVersion": "1.0.0.0", "parameters": loop, "resources": [{"type": "Microsoft.Compute/disks", "apiVersion": "1", "name": "[parameters('p0')]"}]}
        assert len(answer(self.write("t.json", json.dumps(template)))["resources"]) == 1

    def test_symbolic_resources_and_the_table_with_columns_behind_its_rows(self):
        result = answer(self.write("t.json", json.dumps({"languageVersion": "2.0", "contentVersion": "1.0.0.0", "resources": {
            "disk": {"type": "Microsoft.Compute/disks", "apiVersion": "2023-01-01", "name": "d"}}})))
        assert [r["name"] for r in result["resources"]] == ["d"]
        result = answer(self.write("r.json", json.dumps({"count": 1, "data": {
            "rows": [["/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/e", "westeurope"]], "columns": [{"name": "id"}, {"name": "location"}]}})))
        assert [(r["name"], r["location"]) for r in result["resources"]] == [("e", "westeurope")]

    def test_costs_and_prices(self):
        self.estate(37, "graph", "cost")
        once = answer(self.place)["charged"]
        (self.place / "cost-again.csv").write_bytes((self.place / "cost-actual.csv").read_bytes())
        twice = answer(self.place)
        assert twice["charged"]["amounts"] == once["amounts"], "an export given twice is charged twice"
        assert any("charged-again" in notes(twice, i) for i in range(3))
        stored = {r["name"]: r.get("size_bytes") for r in twice["resources"] if r["type"] == "Microsoft.Storage/storageAccounts"}
        assert all(abs(size - 1000 * (1 << 30)) < (1 << 20) for size in stored.values()), stored
        bad = self.folder / "bad-prices.csv"
        for content in ("provider,item\n", "provider,item,unit,price,currency\nx,object,GB/month,cheap,EUR\n", "provider,item,unit,price,currency\nx,love,GB,1,EUR\n"):
            bad.write_text(content)
            run = assess(self.place, "--prices", bad, expect=2)
            assert b"bad-prices.csv" in run.stderr, run.stderr

    def test_access_logs_are_counted_and_judged(self):
        result = answer(self.estate(37, "logs"))
        other = answer(self.estate(37, "logs-csv") / "StorageBlobLogs.csv")
        rows = result["access"]["rows"]
        assert result["access"]["requests"] == 200 == sum(row["requests"] for row in rows) == other["access"]["requests"]
        judged = {(row["operation"], row["authentication"]): row["move"] for row in rows}
        assert judged[("GetBlob", "AccountKey")] == "unchanged" and judged[("GetBlobProperties", "OAuth")] == "planned", judged
        assert any(row["operation"] == "AppendFile" and row["move"] == "planned" for row in rows)

    def test_standard_input_folders_languages_and_wrong_arguments(self):
        graph = self.estate(37, "graph") / "graph.json"
        assert answer("-", stdin=graph.read_bytes())["resources_count"]["value"] == 37
        french = assess(self.place, "--lang", "fr").stdout.decode()
        assert "Comment cela se déplace" in french and "How it moves" not in french and "??" not in french
        for wrong in (["--bandwidth", "fast"], ["--lang", "de"], ["--prices", "no-such-file"]):
            assess(self.place, *wrong, expect=2)
        (self.place / "none").mkdir()
        assess(self.place / "none", expect=2)
        assess(expect=2)


if __name__ == "__main__":
    unittest.main()
