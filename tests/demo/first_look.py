"""The first thing an institution does: what do we have at Azure, and what moves? On an estate of 37 resources, as exports show it."""
import json
import pathlib
import subprocess
import sys

from lib import server

sys.path.insert(0, str(server.ROOT / "tests/estate"))
import generate  # noqa: E402

RESOURCES = 37
SHOWN = ("How it moves", "In which order", "Data")   # of the summary's sections: the rest is a command away


def sections(summary):
    for section in summary.split("\n\n"):
        if section.startswith(SHOWN):
            yield section


def assess(program, folder):
    run = subprocess.run([program, "assess", folder, "--bandwidth", "1Gbit/s"], capture_output=True, text=True, timeout=60)
    if run.returncode:
        raise RuntimeError(run.stderr[-2000:])
    shown = "\n\n".join(sections(run.stdout)).replace(f"{folder}/", "")
    return f"bascule assess {pathlib.Path(folder).name}/ --bandwidth 1Gbit/s\n\n" + "\n".join("      " + line for line in shown.splitlines()) + "\n  "


def merged(program, folder):
    """The same estate from every export at once is the same estate."""
    run = subprocess.run([program, "assess", folder, "--json"], capture_output=True, text=True, timeout=60)
    answer = json.loads(run.stdout)
    count = answer["resources_count"]["value"]
    if count != RESOURCES:
        raise RuntimeError(f"{count} resources, not {RESOURCES}")
    return f"{len(answer['inputs'])} exports, {count} resources, {answer['merged']} records merged by id"


def show(play, program, folder):
    print("   The estate", flush=True)
    place = pathlib.Path(folder) / "exports"
    made = play.step("exports of a small estate, as Azure and Terraform write them", lambda: generate.generate(RESOURCES, 1, place))
    play.step("what moves, and in which order", lambda: assess(program, str(place)), made)
    play.step("every export names the same resources", lambda: merged(program, str(place)), made)
    print("\n   The move", flush=True)
