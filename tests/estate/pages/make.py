"""make.py FOLDER: the pages that the browser looks at, and pages.json, which says what each is."""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from assess_page_test import hostile_estate  # noqa: E402
from compare_test import HOSTILE, profile  # noqa: E402
from support import PROGRAM, server  # noqa: E402

RULE = HERE.parent / "golden" / "compare.rule.toml"


class Maker:
    def __init__(self, folder):
        self.folder, self.pages = folder, []

    def run(self, *arguments):
        with tempfile.TemporaryDirectory() as home:
            subprocess.run([PROGRAM, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, env=server.private_environment(pathlib.Path(home)))

    def page(self, name, *arguments, hostile=False, large=False):
        for language in ("en", "fr"):
            file = self.folder / f"{name}-{language}.html"
            self.run(*arguments, "--lang", language, "--html", file)
            self.pages.append({"name": file.name, "language": language, "hostile": hostile, "large": large})

    def compare(self):
        self.page("compare-facts", "compare")
        self.page("compare-rule", "compare", "--rule", RULE)
        own = self.folder / "hostile.toml"
        own.write_text(profile("".join(HOSTILE)), encoding="utf-8")
        rule = self.folder / "hostile-rule.toml"
        rule.write_text(f"title = {json.dumps(''.join(HOSTILE))}\nseat = [\"EU\"]\nqualifications_all = [{json.dumps(HOSTILE[0])}]\n", encoding="utf-8")
        self.page("compare-hostile", "compare", "--rule", rule, "--profile", own, hostile=True)


    def assess(self):
        for count, forms in ((37, "graph,logs,cost,metrics"), (20000, "pages")):
            estate = self.folder / f"estate-{count}"
            subprocess.run([sys.executable, HERE.parent / "generate.py", "--resources", str(count), "--seed", "1", "--out", estate, "--forms", forms],
                           check=True, stdout=subprocess.DEVNULL)
            self.page(f"assess-{count}", "assess", estate, "--bandwidth", "1Gbit/s", large=count > 1000)
        hostile = self.folder / "hostile.json"
        hostile.write_text(json.dumps(hostile_estate()), encoding="utf-8")
        self.page("assess-hostile", "assess", hostile, hostile=True)


def main():
    maker = Maker(pathlib.Path(sys.argv[1]))
    maker.compare()
    maker.assess()
    (maker.folder / "pages.json").write_text(json.dumps(maker.pages))


if __name__ == "__main__":
    main()
