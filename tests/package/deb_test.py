"""What is in the .deb, and whether what was made for it says what the program says."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import packages
import debian_packages
import helptext

EXPOSURE = 1.5   # the most that `systemd-analyze security` may say of the unit
FILES = """
-rw-r--r-- ./etc/bascule/bascule.toml
-rw-r--r-- ./etc/logrotate.d/bascule
-rw-r--r-- ./lib/systemd/system/bascule.service
-rwxr-xr-x ./usr/bin/bascule
-rw-r--r-- ./usr/lib/sysusers.d/bascule.conf
-rw-r--r-- ./usr/lib/tmpfiles.d/bascule.conf
-rw-r--r-- ./usr/share/bash-completion/completions/bascule
-rw-r--r-- ./usr/share/doc/bascule/README.md
-rw-r--r-- ./usr/share/doc/bascule/SECURITY.md
-rw-r--r-- ./usr/share/doc/bascule/bascule.spdx.json
-rw-r--r-- ./usr/share/doc/bascule/changelog.Debian.gz
-rw-r--r-- ./usr/share/doc/bascule/changelog.gz
-rw-r--r-- ./usr/share/doc/bascule/copyright
-rw-r--r-- ./usr/share/doc/bascule/examples/backups.conf
-rw-r--r-- ./usr/share/doc/bascule/examples/credentials.conf
-rw-r--r-- ./usr/share/doc/bascule/examples/low-port.conf
-rw-r--r-- ./usr/share/doc/bascule/examples/other-data.conf
-rw-r--r-- ./usr/share/doc/bascule/install.md
-rw-r--r-- ./usr/share/doc/bascule/operations.md
-rw-r--r-- ./usr/share/doc/bascule/upgrade.md
-rw-r--r-- ./usr/share/fish/vendor_completions.d/bascule.fish
-rw-r--r-- ./usr/share/man/man1/bascule.1.gz
-rw-r--r-- ./usr/share/man/man5/bascule.toml.5.gz
-rw-r--r-- ./usr/share/zsh/vendor-completions/_bascule
""".split("\n")[1:-1]
# Besides the files above: one page a command, and what stands in these folders.
OTHERS = re.compile(r"\./usr/share/(man/man1/bascule-[a-z]+\.1\.gz|doc/bascule/[a-z-]+\.(md|json)|"
                    r"doc/bascule/(formats|schemas|fr|api|examples)/.*|bascule/.*|lintian/overrides/bascule)$")


def contents(deb):
    """(mode, owner, name) of every file."""
    return [(line.split()[0], line.split()[1], line.split()[5]) for line in packages.run("dpkg-deb", "-c", deb).splitlines()]


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.deb = packages.deb()
        cls.folder = packages.temporary()
        packages.run("dpkg-deb", "--extract", cls.deb, cls.folder / "tree")
        packages.run("dpkg-deb", "--control", cls.deb, cls.folder / "control")
        cls.tree = cls.folder / "tree"
        cls.help = helptext.read(packages.PROGRAM)

    def test_contents(self):
        files = [(mode, name) for mode, _, name in contents(self.deb) if not mode.startswith("d")]
        self.assertEqual([line for line in FILES if tuple(line.split()) not in files], [])
        surplus = [name for mode, name in files if f"{mode} {name}" not in FILES and not (mode == "-rw-r--r--" and OTHERS.match(name))]
        self.assertEqual(surplus, [])
        self.assertEqual({owner for _, owner, _ in contents(self.deb)}, {"root/root"})

    def test_control(self):
        fields = packages.run("dpkg-deb", "-f", self.deb)
        needs = re.search(r"(?m)^Depends: (.*)$", fields).group(1)
        for library in debian_packages.linked(packages.PROGRAM):
            self.assertIn(library, needs)
        self.assertIn("ca-certificates", needs)
        self.assertEqual((self.folder / "control/conffiles").read_text().split(), ["/etc/bascule/bascule.toml", "/etc/logrotate.d/bascule"])

    def test_scripts(self):
        for name in ("postinst", "prerm", "postrm"):
            packages.run("sh", "-n", self.folder / "control" / name)
            self.assertIn("set -e", (self.folder / "control" / name).read_text())

    def test_no_path_of_this_machine(self):
        """Nothing that is made here names where; what the compiler left in the program is looked at by tools/reproducible."""
        here = str(packages.ROOT).encode()
        for path in self.tree.rglob("*"):
            if path.is_file() and path.name != "bascule" and not path.name.endswith(".gz"):
                self.assertNotIn(here, path.read_bytes(), path)

    def test_configuration(self):
        """The annotated file, with the development account off and events on; the program takes it."""
        text = (self.tree / "etc/bascule/bascule.toml").read_text()
        self.assertRegex(text, r'(?m)^development = "off"$')
        set_here = [line for line in text.splitlines() if re.match(r"[a-z_]+ = ", line)]
        self.assertEqual(sorted(set_here), ['development = "off"', "keep = 0", 'rotate_age = "0s"', 'rotate_size = "0B"', 'to = ["file"]'],
                         "events are recorded, and logrotate alone puts them aside")
        with tempfile.TemporaryDirectory() as folder:
            said = subprocess.run([packages.PROGRAM, "check", "--config", self.tree / "etc/bascule/bascule.toml", "--data", folder + "/none"],
                                  capture_output=True, text=True)
            self.assertIn("there is no Bascule data", said.stderr)

    def test_each_setting_is_in_the_page_and_in_the_file(self):
        page = packages.run("zcat", self.tree / "usr/share/man/man5/bascule.toml.5.gz")
        text = (self.tree / "etc/bascule/bascule.toml").read_text()
        section, named = "", set()
        for line in text.splitlines():
            if re.match(r"\[[a-z_.]+\]$", line):
                section = line.strip("[]") + "."
            found = re.match(r"(?:# )?([a-z_0-9]+) = ", line)
            if found:
                named.add(section + found.group(1))
        for setting in helptext.settings(self.help):
            self.assertIn(f"BASCULE_{setting.name.upper().replace('.', '_')}", page.replace("\\", ""))
            self.assertIn(setting.name, named, "config/bascule.toml does not name it")

    def test_manual_pages(self):
        for command in self.help.commands:
            page = self.tree / f"usr/share/man/man1/bascule-{command.path[-1]}.1.gz"
            text = packages.run("zcat", page).replace("\\-", "-")
            for one in helptext.walk(command):
                for option in one.options:
                    self.assertIn(option.flags[-1], text, command.path)
        for page in sorted((self.tree / "usr/share/man").rglob("*.gz")):
            shown = subprocess.run(["man", "--warnings=w", "-E", "UTF-8", "-l", "-Tutf8", str(page)], capture_output=True, text=True,
                                   env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFOPT": "-ww"})
            self.assertEqual((shown.returncode, shown.stderr), (0, ""), page)
            text = re.sub(".\x08", "", shown.stdout)
            self.assertIn("SYNOPSIS", text, page)
            # What a page shows is what --help says, word for word.
            words = " ".join(re.sub(r"[\u2010-]\n\s*", "-", text).split())
            if page.name == "bascule-account.1.gz":
                self.assertIn("3 to 24 lower-case letters and digits.", words)

    def completed(self, *words):
        script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; compopt() { :; }; _bascule; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return packages.run("bash", "-c", script, "bash", self.tree / "usr/share/bash-completion/completions/bascule", *words).split()

    def test_bash_completion(self):
        self.assertEqual(self.completed("bascule", "acc"), ["account"])
        self.assertEqual(self.completed("bascule", "account", "rot"), ["rotate-key"])
        self.assertEqual(self.completed("bascule", "account", "set", "--vers"), ["--versioning"])
        self.assertEqual(self.completed("bascule", "account", "set", "--versioning", "o"), ["on", "off"])
        self.assertEqual(self.completed("bascule", "serve", "--config", "/etc/hostn"), ["/etc/hostname"])
        self.assertEqual(self.completed("bascule", "assess", "/etc/hostn"), ["/etc/hostname"])
        for command in helptext.walk(self.help):
            offered = set(self.completed(*command.path, ""))
            if not any(one.value in ("FILE", "INPUT") for one in command.positionals):
                self.assertLessEqual({inner.path[-1] for inner in command.commands}, offered, command.path)
            self.assertLessEqual({flag for one in command.options for flag in one.flags if flag.startswith("--")},
                                 set(self.completed(*command.path, "--")), command.path)

    def test_unit(self):
        unit = (self.tree / "lib/systemd/system/bascule.service").read_text()
        beside = self.folder / "bascule.service"
        beside.write_text(unit.replace("/usr/bin/bascule", packages.PROGRAM).replace("file:///usr/share/doc", "file:///usr/share/doc"))
        said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(beside)], capture_output=True, text=True)
        about = [line for line in said.stderr.splitlines() if "bascule" in line]
        self.assertEqual((said.returncode, about), (0, []), said.stderr)

    def test_exposure(self):
        said = packages.run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={int(EXPOSURE * 10)}",
                            self.tree / "lib/systemd/system/bascule.service")
        exposure = float(re.search(r"Overall exposure level for .*: ([\d.]+)", said).group(1))
        print(f"  systemd-analyze security: {exposure} (0 is best, 10 worst)", file=sys.stderr)
        self.assertLessEqual(exposure, EXPOSURE)

    def test_logrotate(self):
        said = subprocess.run(["/usr/sbin/logrotate", "--debug", "--state", self.folder / "state", self.tree / "etc/logrotate.d/bascule"],
                              capture_output=True, text=True)
        text = said.stdout + said.stderr
        # Only that there is no such user and no such file here.
        self.assertRegex(text, r"/var/log/bascule/\*\.jsonl|unknown (user|group) 'bascule'")
        self.assertNotRegex(text, r"(?i)unknown option|bad (line|string)|parse|unexpected")


if __name__ == "__main__":
    unittest.main()
