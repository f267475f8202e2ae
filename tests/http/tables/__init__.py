"""All tables: one file for each family of behaviour."""
import importlib
import pathlib


def all_cases():
    """What can be run: cases of operations that tables/not_yet.py still names, or that need one, wait."""
    found = []
    for file in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if file.stem != "__init__":
            found += importlib.import_module(f"tables.{file.stem}").table.cases
    missing = {case.operation for case in found if case.not_yet}
    return [case for case in found if case.not_yet or not {case.operation, case.needs} & missing]
