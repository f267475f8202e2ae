"""bascule compare: rules, answers, the schema, the page."""
import base64
import hashlib
import json
import re
import unittest

from support import HERE, Case, Page, check_schema

RULE = HERE / "golden" / "compare.rule.toml"
HOSTILE = ['<img src=x onerror="document.title=1">', "<script>alert(1)</script>", "'\"><svg onload=alert(1)>", "</title></style></script>",
           "\u202eevil\u2066", "javascript:alert(1)", "&lt;b&gt;", "]]>", "{{7*7}}", "\\u003cscript\\u003e"]


def profile(title, more=""):
    return (f"id = \"hostile\"\ntitle = {json.dumps(title)}\nreviewed = 2026-11-23\nnote = {json.dumps(title)}\n"
            f"[sources]\ns = {{ title = {json.dumps(title)}, date = 2026-11-23 }}\n"
            f"[facts]\noperator = {{ value = {json.dumps(title)}, from = \"s\", note = {json.dumps(title)} }}\n"
            f"[[regions]]\nid = \"r\"\nplace = {json.dumps(title)}\ncountry = \"FR\"\nfrom = \"s\"\n"
            f"[[qualifications]]\nname = {json.dumps(title[:60])}\nstatus = \"held\"\nscope = {json.dumps(title)}\nfrom = \"s\"\n{more}")


class Answers(Case):
    def compare(self, *arguments):
        return json.loads(self.bascule("compare", "--json", *arguments).stdout)

    def test_the_schema_holds_with_and_without_a_rule(self):
        check_schema("compare.schema.json", self.compare())
        check_schema("compare.schema.json", self.compare("--rule", RULE))

    def test_the_schema_is_no_rubber_stamp(self):
        import jsonschema
        answer = self.compare("--rule", RULE)
        del answer["providers"][0]["places"][0]["outcome"]
        with self.assertRaises(jsonschema.ValidationError):
            check_schema("compare.schema.json", answer)
        answer = self.compare()
        answer["providers"][0]["evidence"]["level"] = "SEAL-3"
        with self.assertRaises(jsonschema.ValidationError):
            check_schema("compare.schema.json", answer)

    def test_the_reviewed_answer(self):
        answer = self.compare("--rule", RULE)
        lines = []
        for provider in answer["providers"]:
            for place in provider["places"]:
                decided = place["decided_by"]
                lines.append(f"{provider['id']}/{place['region']}: {place['outcome']}"
                             + (f" ({decided['fact']}: {decided['found']}; demanded {decided['demanded']}; "
                                f"{decided['label']['known']} {decided['label']['date']})" if decided else ""))
        for check in answer["set"]:
            lines.append(f"all allowed: {check['demand']} {check['demanded']}: {check['outcome']} ({check['found']})")
        self.golden("compare.answer.txt", "\n".join(lines) + "\n")

    def test_the_terminal_says_the_same(self):
        answer = self.compare("--rule", RULE)
        text = self.bascule("compare", "--rule", RULE).stdout
        for number in answer["totals"].values():
            self.assertRegex(text, rf"\b{number}\b")
        self.assertEqual(len(re.findall(r"(?m) +allowed +every demand is met$", text)), answer["totals"]["allowed"])
        self.assertIn("self-assessment, not a certification", text)
        self.assertIn("auto-évaluation, pas une certification", self.bascule("compare", "--rule", RULE, "--lang", "fr").stdout)

    def test_no_order_of_merit(self):
        order = [(p["title"], place["region"]) for p in self.compare()["providers"] for place in p["places"]]
        self.assertEqual(order, sorted(order, key=lambda row: (row[0].lower(), row[1] or "")))
        for rule in ('seat = ["FR"]', 'seat = ["US"]', 'control = ["DE"]\nunknown = "undecided"', 'qualifications_all = ["SecNumCloud"]'):
            path = self.file("rule.toml", rule)
            self.assertEqual(order, [(p["title"], place["region"]) for p in self.compare("--rule", path)["providers"] for place in p["places"]])

    def test_unknown_refuses_unless_the_rule_says_otherwise(self):
        strict = self.compare("--rule", self.file("a.toml", "non_eu_share_total = 39\n"))["totals"]
        lenient = self.compare("--rule", self.file("b.toml", 'unknown = "undecided"\nnon_eu_share_total = 39\n'))["totals"]
        self.assertEqual(strict["undecided"], 0)
        self.assertGreater(lenient["undecided"], 0)
        self.assertEqual(strict["allowed"], lenient["allowed"])
        self.assertEqual(strict["refused"], lenient["refused"] + lenient["undecided"])

    def test_a_rule_from_standard_input(self):
        run = self.bascule("compare", "--rule", "-", "--json", text='seat = ["EU"]')
        self.assertEqual(json.loads(run.stdout)["rule"]["demands"], {"seat": "EU"})

    def test_a_profile_of_ones_own(self):
        own = self.file("own.toml", profile("Ours").replace('"hostile"', '"ours"'))
        with_own = self.compare("--profile", own)
        check_schema("compare.schema.json", with_own)
        self.assertEqual([p["shipped"] for p in with_own["providers"] if p["id"] == "ours"], [False])


class WrongUse(Case):
    def refused(self, *arguments, says, **more):
        run = self.bascule("compare", *arguments, exit_code=2, **more)
        self.assertEqual(run.stdout, "")
        for word in says:
            self.assertIn(word, run.stderr)

    def test_wrong_rules_name_file_line_and_what_is_allowed(self):
        rule = self.file("rule.toml", 'title = "x"\n\nseat = ["France"]\n')
        self.refused("--rule", rule, says=[f"{rule}:3:", '"France"', '"EU", "EEA"', "ISO 3166"])
        self.refused("--rule", self.file("r.toml", "seats = []"), says=["r.toml:1:", "data_countries, seat, control"])
        self.refused("--rule", self.file("r.toml", "seat = ["), says=["r.toml:", "not TOML"])
        self.refused("--rule", self.file("r.toml", ""), says=["demands nothing"])
        self.refused("--rule", "-", says=["-:2:"], text='\nseat = "EU"')

    def test_files_that_are_not_there(self):
        self.refused("--rule", self.folder / "none.toml", says=["cannot read"])
        self.refused("--rule", self.folder, says=["cannot read"])
        self.refused("--profile", self.folder / "none.toml", says=["cannot read"])

    def test_wrong_profiles(self):
        own = self.file("own.toml", profile("Ours"))
        self.refused("--profile", own, "--profile", own, says=["given twice"])
        self.refused("--profile", self.file("p.toml", 'id = "Ü"'), says=["p.toml:1:", "lower-case"])

    def test_a_page_that_cannot_be_written(self):
        run = self.bascule("compare", "--html", self.folder / "no" / "page.html", exit_code=1)
        self.assertIn("cannot write", run.stderr)
        self.assertEqual(run.stdout, "")

    def test_an_unknown_language(self):
        self.bascule("compare", "--lang", "de", exit_code=2)


class Pages(Case):
    def page(self, *arguments):
        path = self.folder / "page.html"
        self.bascule("compare", "--html", path, *arguments)
        return path.read_text(encoding="utf-8")

    def sound(self, text):
        page = Page(text)
        self.assertEqual(page.faults, [])
        for one, two in zip(page.headings, page.headings[1:]):
            self.assertLessEqual(two, one + 1, "a heading skips a level")
        style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.assertEqual(page.policy, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
        self.assertNotRegex(style, r"url\(|@import|expression")
        self.assertNotIn("??", page.text)
        return page

    def test_pages_are_sound_in_both_languages(self):
        for language in ("en", "fr"):
            for rule in ((), ("--rule", RULE)):
                page = self.sound(self.page("--lang", language, *rule))
                self.assertEqual(page.lang, language)

    def test_the_page_has_what_the_answer_has(self):
        answer = json.loads(self.bascule("compare", "--rule", RULE, "--json").stdout)
        text = self.sound(self.page("--rule", RULE)).text
        for provider in answer["providers"]:
            self.assertIn(provider["title"], text)
            for fact in provider["facts"].values():
                if fact["label"]["known"] == "declared":
                    self.assertIn(fact["label"]["by"], text)
            for place in provider["places"]:
                self.assertIn(place["region"] or "not known", text)
        self.assertIn("self-assessment, not a certification", text)

    def test_hostile_names_are_text(self):
        rule = self.file("rule.toml", f"title = {json.dumps(HOSTILE[0])}\nseat = [\"EU\"]\nqualifications_all = [{json.dumps(HOSTILE[1])}]\n")
        for name in HOSTILE:
            own = self.file("own.toml", profile(name))
            for language in ("en", "fr"):
                text = self.page("--profile", own, "--rule", rule, "--lang", language)
                page = self.sound(text)
                self.assertNotRegex(text, "[\u202a-\u202e\u2066-\u2069]")
                shown = name.replace("\u202e", "[U+202E]").replace("\u2066", "[U+2066]")
                self.assertIn(shown, page.text)

    def test_names_of_a_megabyte(self):
        own = self.file("own.toml", profile("x").replace('place = "x"', f'place = "{"y" * 200}"'))
        self.sound(self.page("--profile", own))
        big = self.file("big.toml", profile("z" * (1 << 20)))
        self.bascule("compare", "--profile", big, exit_code=2)   # a profile says what is allowed

    def test_control_characters_do_not_reach_the_terminal(self):
        own = self.file("own.toml", profile("red \x1b[31m bell \x07 \u202e"))
        text = self.bascule("compare", "--profile", own).stdout
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\u202e]")
        self.assertIn("[U+001B]", text)


if __name__ == "__main__":
    unittest.main()
