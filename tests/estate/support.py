"""What the tests of the estate commands share: running the program, schemas, a page as a tree."""
import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from lib import server  # noqa: E402

PROGRAM = server.default_program()


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bascule-estate-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def bascule(self, *arguments, exit_code=0, text=None, timeout=120):
        run = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, input=text or "",
                             env=server.private_environment(self.folder))
        if exit_code is not None:   # None: whatever it is
            self.assertEqual(run.returncode, exit_code, f"{arguments}\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
        return run

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def golden(self, name, got):
        """Compares with a kept answer. BASCULE_GOLDEN=write writes it anew: then read the difference before you commit it."""
        path = HERE / "golden" / name
        if os.environ.get("BASCULE_GOLDEN") == "write":
            path.write_text(got, encoding="utf-8")
        self.assertEqual(path.read_text(encoding="utf-8"), got, f"{path}: not what was reviewed")


def check_schema(name, answer):
    import jsonschema
    schema = json.loads((ROOT / "docs" / "schemas" / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(answer)


class Page(html.parser.HTMLParser):
    """A page, held against what every page promises: well formed, nothing from elsewhere, nothing that acts."""
    VOID = {"meta", "br", "rect"}
    ALLOWED = {"html", "head", "meta", "title", "style", "body", "a", "abbr", "bdi", "br", "caption", "code", "dd", "details", "div", "dl",
               "dt", "em", "figure", "figcaption", "footer", "g", "h1", "h2", "h3", "h4", "header", "li", "main", "nav", "ol", "p", "rect",
               "section", "span", "strong", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "tr", "ul"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.ids, self.links, self.texts, self.headings, self.lang = [], [], [], [], [], [], None
        self.policy = None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"left open: {self.open}")
        self.faults += [f"link to nowhere: {link}" for link in self.links if link not in self.ids]
        self.faults += [f"the id {one} is there twice" for one in set(self.ids) if self.ids.count(one) > 1]

    def handle_starttag(self, tag, attributes):
        self.start(tag, dict(attributes))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.start(tag, dict(attributes))

    def start(self, tag, attributes):
        if tag not in self.ALLOWED:
            self.faults.append(f"<{tag}> has no place in a page")
        for name, value in attributes.items():
            if name.startswith("on") or name in ("style", "src", "srcset", "srcdoc", "action", "data", "xlink:href", "formaction"):
                self.faults.append(f"{tag} {name}={value[:60]!r} acts or refers elsewhere")
        if "href" in attributes:
            if attributes["href"].startswith("#"):
                self.links.append(attributes["href"][1:])
            else:
                self.faults.append(f"refers elsewhere: {attributes['href'][:60]}")
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "html":
            self.lang = attributes.get("lang")
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> where {self.open[-1:]} is open")
            return
        self.open.pop()

    def handle_data(self, text):
        if self.open and self.open[-1] != "style":
            self.texts.append(text)

    @property
    def text(self):
        return "".join(self.texts)
