#!/usr/bin/env python3
"""Writes the manual pages: bascule.1, one for each command, and bascule.toml.5.

  packaging/manual.py PROGRAM FOLDER

From the program's own --help and table of settings, and the annotated configuration. SOURCE_DATE_EPOCH is the pages' date.
"""
import datetime
import os
import pathlib
import re
import sys

import helptext

ROOT = pathlib.Path(__file__).resolve().parents[1]


def plain(text):
    """Text as roff takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text.startswith((".", "\\(aq")) else text


def literal(lines):
    out = [".nf", ".RS 2"]
    out += [plain(line) if line else "" for line in lines]
    return [*out, ".RE", ".fi"]


def trimmed(lines):
    """Without empty lines at both ends, and without the indentation that all share."""
    while lines and not lines[0]:
        lines = lines[1:]
    while lines and not lines[-1]:
        lines = lines[:-1]
    depth = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return [line[depth:] for line in lines]


def option(one):
    flags = ", ".join(f"\\fB{plain(flag)}\\fR" for flag in one.flags)
    value = f" \\fI{plain(one.value)}\\fR" if one.value else ""
    notes = " ".join(part for part in ("Required." if one.required else "", one.notes if one.notes.startswith(("Excludes", "Needs")) else
                                       f"From {one.notes.strip('[]').replace(' - ', ' to ')}." if one.notes else "") if part)
    return [".TP", flags + value, plain(" ".join(part for part in (one.help, notes) if part))]


def synopsis(command):
    words = [f"\\fB{plain(' '.join(command.path))}\\fR"]
    if command.commands:
        words.append("\\fICOMMAND\\fR")
    words.append("[\\fIOPTIONS\\fR]")
    words += [f"\\fI{plain(one.flags[0].upper())}\\fR" if one.required else f"[\\fI{plain(one.flags[0].upper())}\\fR]" for one in command.positionals]
    return " ".join(words)


def sections(command, heading):
    """Examples, exit codes and whatever else stands below the options."""
    out = []
    names = {"Examples": "EXAMPLES", "Exit codes": "EXIT STATUS", "": "NOTES"}
    for title, lines in command.sections:
        lines = trimmed(lines)
        if title == "Settings":
            out += [f".{heading} SETTINGS", "Every setting may stand in the configuration file, in the environment or after \\fB\\-\\-set\\fR; "
                    "\\fBbascule.toml\\fR(5) describes them."]
        elif lines:
            out += [f'.{heading} "{names.get(title, plain(title).upper())}"', *literal(lines)]
    return out


def arguments(command, heading):
    out = []
    if command.positionals:
        out += [f".{heading} ARGUMENTS"]
        for one in command.positionals:
            out += option(one)
    if command.options:
        out += [f".{heading} OPTIONS"]
        for one in command.options:
            out += option(one)
    return out


def head(name, section, summary, version, date):
    return [f'.TH "{name.upper()}" "{section}" "{date}" "Bascule {plain(version)}" "Bascule"', ".SH NAME", f"{plain(name)} \\- {plain(summary)}"]


def see_also(pages):
    return [".SH SEE ALSO", ",\n".join(f".BR {plain(name)} ({section})" for name, section in pages).replace(",\n", " ,\n")]


def short(summary):
    text = re.split(r"(?<=[a-z])[.:;] ", summary.rstrip("."))[0]
    return text[0].lower() + text[1:]


def page_of_program(root, version, date):
    out = head("bascule", 1, "Azure's storage protocols over storage that you choose", version, date)
    out += [".SH SYNOPSIS", synopsis(root), ".SH DESCRIPTION", plain(root.summary), ".PP",
            "The server is \\fBbascule serve\\fR; the other commands speak to it through its data folder, or open the folder themselves "
            "where no server runs.", ".SH COMMANDS"]
    for one in root.commands:
        out += [".TP", f".BR bascule\\-{one.path[-1]} (1)", plain(one.summary)]
    out += arguments(root, "SH") + sections(root, "SH")
    out += [".SH FILES", ".TP", ".I /etc/bascule/bascule.toml", "The configuration, see \\fBbascule.toml\\fR(5).",
            ".TP", ".I /etc/bascule/keys/bascule.key", "The root key, made at the first start. Keep a copy in another place: without it the data is gone.",
            ".TP", ".I /var/lib/bascule", "The data folder.", ".TP", ".I /usr/share/doc/bascule", "The installation guide, and more."]
    return out + see_also([("bascule.toml", 5), ("systemctl", 1)])


def page_of_command(command, version, date):
    name = "-".join(command.path)
    out = head(name, 1, short(command.summary), version, date)
    out += [".SH SYNOPSIS", synopsis(command)]
    below = [inner for inner in helptext.walk(command) if inner is not command]
    for inner in below:
        out += [".br", synopsis(inner)]
    out += [".SH DESCRIPTION", plain(command.summary)]
    out += arguments(command, "SH")
    if below:
        out += [".SH COMMANDS"]
        for inner in below:
            out += [f'.SS "{plain(" ".join(inner.path))}"', plain(inner.summary)]
            out += [line for one in inner.positionals + inner.options if one.flags[0] != "-h" for line in option(one)]
            for title, lines in inner.sections:
                if title != "Exit codes" and trimmed(lines):
                    out += [".PP", *([f"{plain(title)}:"] if title else []), *literal(trimmed(lines))]
    out += sections(command, "SH")
    return out + see_also([("bascule", 1), ("bascule.toml", 5)])


def page_of_configuration(root, version, date):
    table = helptext.settings(root)
    annotated = (ROOT / "config/bascule.toml").read_text()
    opening = [line.removeprefix("#").strip() for line in annotated.split("\n\n[")[0].split("\n\n# The data folder")[0].splitlines()]
    out = head("bascule.toml", 5, "configuration of bascule", version, date)
    out += [".SH SYNOPSIS", ".I /etc/bascule/bascule.toml", ".SH DESCRIPTION"]
    for line in opening:
        out.append(plain(line) if line else ".PP")
    out += [".PP", "What is wrong is refused at the start, with the file, the line and what is allowed; so are settings that do not exist.",
            ".SH SETTINGS"]
    section = None
    for one in table:
        part, _, key = one.name.rpartition(".")
        if part != section:
            out.append(f'.SS "[{plain(part)}]"' if part else '.SS "At the beginning of the file"')
            section = part
        out += [".TP", f"\\fB{plain(key)}\\fR" + (f" = {plain(one.default)}" if one.default else ""), plain(one.help),
                "In the environment: \\fBBASCULE_" + plain(one.name.upper().replace(".", "_")) + "\\fR."]
    commented = [line for line in annotated.splitlines() if re.match(r"#? ?[a-z_]+ = ", line)]
    out += [".SH EXAMPLES", "The file that is installed names every setting with its default, "
            f"{len(commented)} of them. A server with a certificate, whose content lies in a bucket:"]
    out += literal(['[server]', 'listen = ["*:443"]', 'certificate = "/etc/bascule/tls/chain.pem"', 'key = "/etc/bascule/tls/key.pem"', '',
                    '[provider]', 'kind = "s3"', 'endpoint = "https://s3.gra.io.cloud.ovh.net"', 'region = "gra"', 'bucket = "my-bucket"',
                    'access_key = "…"', 'secret_key_file = "/etc/bascule/s3-secret"'])
    return out + see_also([("bascule", 1), ("bascule-serve", 1)])


def pages(program):
    root = helptext.read(program)
    version = helptext.version(program)["version"]
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    date = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%d")
    yield "bascule.1", page_of_program(root, version, date)
    for command in root.commands:
        yield f"bascule-{command.path[-1]}.1", page_of_command(command, version, date)
    yield "bascule.toml.5", page_of_configuration(root, version, date)


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in pages(sys.argv[1]):
        (folder / name).write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
