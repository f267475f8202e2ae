#!/usr/bin/env python3
"""Writes what completes `bascule` in bash, zsh and fish, from the program's own --help.

  packaging/completion.py PROGRAM FOLDER      # FOLDER/bascule.bash, _bascule, bascule.fish
"""
import pathlib
import sys

import helptext

FILES = ("FILE", "INPUT")
FOLDERS = ("DIR",)


def key(command):
    return " ".join(command.path[1:])


def flags(command):
    return [flag for one in command.options for flag in one.flags]


def shell(text):
    return "'" + text.replace("'", "'\\''") + "'"


def file_positional(command):
    return any(one.value in FILES for one in command.positionals)


def bash(root):
    """Words are read from the left: those that name a command go deeper; the word before may want a value."""
    lines = ["# bash completion of bascule; made from its --help.",
             "_bascule() {", "  local cur prev words cword", "  _init_completion -n = 2>/dev/null || {",
             "    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD", "  }",
             "  local at='' word i", "  for ((i = 1; i < cword; i++)); do", "    word=${words[i]}", '    case "$at|$word" in']
    for command in helptext.walk(root):
        for inner in command.commands:
            lines.append(f"      {shell(key(command) + '|' + inner.path[-1])}) at={shell(key(inner))} ;;")
    lines += ["    esac", "  done", '  case "$at|$prev" in']
    for command in helptext.walk(root):
        for one in command.options:
            if not one.value:
                continue
            pattern = "|".join(shell(f"{key(command)}|{flag}") for flag in one.flags)
            action = (f"mapfile -t COMPREPLY < <(compgen -W {shell(' '.join(one.choices))} -- \"$cur\")" if one.choices else
                      "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")" if one.value in FILES else
                      "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")" if one.value in FOLDERS else "COMPREPLY=()")
            lines.append(f"    {pattern}) {action}; return ;;")
    lines += ["  esac", '  local offered=""', '  case "$at" in']
    for command in helptext.walk(root):
        offered = [inner.path[-1] for inner in command.commands] + flags(command)
        lines.append(f"    {shell(key(command))}) offered={shell(' '.join(offered))} ;;")
    lines += ["  esac"]
    takers = [command for command in helptext.walk(root) if file_positional(command)]
    if takers:
        lines += [f"  case \"$at|$cur\" in {'|'.join(shell(key(one) + '|-') + '*' for one in takers)}) ;; "
                  f"{'|'.join(shell(key(one) + '|') + '*' for one in takers)}) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;; esac"]
    lines += ['  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$cur")', "}", "complete -F _bascule bascule"]
    return lines


def zsh_text(text):
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:").replace("'", "'\\''")


def zsh_value(one):
    what = one.value.replace(":", "\\:").replace("'", "'\\''")
    action = ("(" + " ".join(one.choices) + ")" if one.choices else "_files" if one.value in FILES else "_files -/" if one.value in FOLDERS else "")
    return f":{what}:{action}"


def zsh(root):
    lines = ["#compdef bascule", "# Made from bascule --help."]
    for command in reversed(list(helptext.walk(root))):
        lines += ["", f"_{'_'.join(word.replace('-', '_') for word in command.path)}() {{"]
        specs = []
        for one in command.options:
            for flag in one.flags:
                mark = "=" if flag.startswith("--") and one.value else ""
                specs.append(f"'*{flag}{mark}[{zsh_text(one.help)}]{zsh_value(one) if one.value else ''}'")
        if command.commands:
            lines += ["  local line state", "  _arguments -C \\", *(f"    {spec} \\" for spec in specs), "    '1:command:->command' '*::argument:->argument'",
                      '  case "$state" in', "    command)", "      local -a commands=(",
                      *(f"        {shell(inner.path[-1] + ':' + inner.summary)}" for inner in command.commands), "      )",
                      "      _describe command commands ;;", "    argument)", '      case "$line[1]" in',
                      *(f"        {inner.path[-1]}) _{'_'.join(word.replace('-', '_') for word in inner.path)} ;;" for inner in command.commands),
                      "      esac ;;", "  esac"]
        else:
            for one in command.positionals:
                specs.append(f"'*{zsh_value(one)}'" if one.value in FILES else f"'{zsh_value(one)}'")
            lines += ["  _arguments \\", " \\\n".join(f"    {spec}" for spec in specs)]
        lines.append("}")
    return [*lines, "", '_bascule "$@"']


def fish(root):
    lines = ["# fish completion of bascule; made from its --help.", "complete -c bascule -f"]
    for command in helptext.walk(root):
        inside = " ".join(f"; and __fish_seen_subcommand_from {word}" for word in command.path[1:]).removeprefix("; and ")
        names = " ".join(inner.path[-1] for inner in command.commands)
        deepest = f"{inside}; and not __fish_seen_subcommand_from {names}" if inside and names else inside or f"not __fish_seen_subcommand_from {names}"
        for inner in command.commands:
            lines.append(f"complete -c bascule -n {shell(deepest)} -a {inner.path[-1]} -d {shell(inner.summary)}")
        for one in command.options:
            spec = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in one.flags)
            value = ("" if not one.value else f" -x -a {shell(' '.join(one.choices))}" if one.choices else
                     " -r -F" if one.value in FILES else " -x -a '(__fish_complete_directories)'" if one.value in FOLDERS else " -x")
            lines.append(f"complete -c bascule -n {shell(deepest)} {spec}{value} -d {shell(one.help)}")
        if file_positional(command):
            lines.append(f"complete -c bascule -n {shell(deepest)} -F")
    return lines


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    root = helptext.read(sys.argv[1])
    for name, make in (("bascule.bash", bash), ("_bascule", zsh), ("bascule.fish", fish)):
        (folder / name).write_text("\n".join(make(root)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
