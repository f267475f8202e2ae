"""What the program says of itself in --help, as data: the manual pages and the shells' completions are made from it, at the time
a package is made, so that they cannot say anything else than the program.

A text that is not as expected is an error, not a gap in a page.
"""
import dataclasses
import json
import re
import subprocess


@dataclasses.dataclass
class Option:
    flags: list        # ["-h", "--help"]; of a positional argument [its name]
    value: str         # "FILE"; "" of a flag
    choices: list      # where the value is one of few
    required: bool
    notes: str         # "Excludes: …", a range
    help: str


@dataclasses.dataclass
class Command:
    path: list         # ["bascule", "account", "add"]
    summary: str
    usage: str
    positionals: list
    options: list
    commands: list     # of Command
    sections: list     # of (title, lines): what follows the options


class Unexpected(Exception):
    pass


COLUMN = 34   # where descriptions begin (app/commands/command_line.cc)


def entry(lines):
    """One entry of a list: its first line, and the description's further lines."""
    first, *more = lines
    indent = len(first) - len(first.lstrip())
    names, text = first.strip(), ""
    at = indent - 2 + COLUMN
    if len(first) > at and first[at - 1] == " " and first[at] != " ":
        names, text = first[:at].strip(), first[at:].strip()
    return names, " ".join([text, *(line.strip() for line in more)]).strip()


def entries(lines):
    """Groups lines to entries: a description's further lines are indented to its column."""
    groups = []
    for line in lines:
        if groups and len(line) - len(line.lstrip()) >= COLUMN:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [entry(group) for group in groups]


def option(names, text):
    notes = ""
    found = re.search(r"\s+(Excludes|Needs): .*$", names)
    if found:
        notes, names = found.group(0).strip(), names[:found.start()]
    required = names.endswith(" REQUIRED")
    names = names.removesuffix(" REQUIRED")
    names = re.sub(r"\s*\.\.\.$", "", names)
    flags, _, value = names.partition(" ")
    choices = []
    found = re.search(r":\{([^}]*)\}$", value)
    if found:
        choices = found.group(1).split(",")
        value = value[:found.start()]
        if value in ("TEXT", "LANG", "on|off"):
            value = "|".join(choices)
    found = re.search(r":(?:INT|UINT|FLOAT)(?: in)? ?(\[.*\]|.*)$", value)
    if found:
        notes, value = (notes + " " + found.group(1)).strip(), "NUMBER"
    value = {"TEXT": "TEXT", "INT": "NUMBER", "UINT": "NUMBER"}.get(value, value)
    if not flags:
        raise Unexpected(f"an option without a name: {names!r}")
    return Option(flags.split(","), value, choices, required, notes, text)


def parse(path, text):
    lines = [line.rstrip() for line in text.rstrip().splitlines()]
    if len(lines) < 2 or not lines[1].startswith("Usage: " + " ".join(path)):
        raise Unexpected(f"{' '.join(path)} --help begins in another way")
    command = Command(path, lines[0], lines[1].removeprefix("Usage: "), [], [], [], [])
    at, inner = 2, []
    while at < len(lines):
        line = lines[at]
        group = re.match(r"\s*(?:\[Option Group: .*\]|\[.*required.*\])$", line)
        head = re.match(r"\s*(Positionals|Options|Subcommands):$", line)
        if not line.strip() or group:
            at += 1
        elif head:
            end = at + 1
            while end < len(lines) and lines[end].startswith("  ") and not lines[end].strip().startswith("["):
                end += 1
            found = entries(lines[at + 1:end])
            if head.group(1) == "Subcommands":
                inner = [names for names, _ in found]
            else:
                (command.positionals if head.group(1) == "Positionals" else command.options).extend(option(*one) for one in found)
            at = end
        else:
            break
    # What is left: "Title:" and its indented lines, or paragraphs.
    for line in lines[at:]:
        title = re.match(r"(\S[^:]*):$", line)
        if title:
            command.sections.append((title.group(1), []))
        elif line.startswith("Settings, with their defaults."):
            command.sections.append(("Settings", [line]))
        else:
            if not command.sections or (line and not line.startswith(" ") and command.sections[-1][0] not in ("", "Settings")):
                command.sections.append(("", []))
            command.sections[-1][1].append(line)
    for option_ in command.options:
        if not option_.flags[0].startswith("-"):
            raise Unexpected(f"{' '.join(path)}: {option_.flags[0]} is no option")
    return command, inner


def read(program, path=("bascule",)):
    """The whole tree of commands."""
    ran = subprocess.run([program, *path[1:], "--help"], capture_output=True, text=True, check=True,
                         env={"HOME": "/root", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "CONFIGURATION_DIRECTORY": "/etc/bascule",
                              "STATE_DIRECTORY": "/var/lib/bascule"})
    command, inner = parse(list(path), ran.stdout)
    command.commands = [read(program, (*path, name)) for name in inner]
    return command


def walk(command):
    yield command
    for inner in command.commands:
        yield from walk(inner)


@dataclasses.dataclass
class Setting:
    name: str
    default: str
    help: str


def settings(command):
    """The table of settings, as `bascule serve --help` lists it."""
    serve = next(one for one in command.commands if one.path[-1] == "serve")
    lines = next(lines for title, lines in serve.sections if title == "Settings")
    found = []
    for line in lines:
        head = re.match(r"  ([a-z_0-9]+(?:\.[a-z_0-9]+)*)(?: = (.*))?$", line)
        if head:
            found.append(Setting(head.group(1), head.group(2) or "", ""))
        elif found and line.startswith("      "):
            found[-1].help = (found[-1].help + " " + line.strip()).strip()
    if len(found) < 20 or any(not one.help for one in found):
        raise Unexpected("the table of settings cannot be read")
    return found


def version(program):
    ran = subprocess.run([program, "version", "--json"], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)
