"""All tables: one file for each family of behaviour."""
import importlib
import pathlib


def all_cases():
    found = []
    for file in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if file.stem != "__init__":
            found += importlib.import_module(f"tables.{file.stem}").table.cases
    return found
