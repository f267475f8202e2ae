"""What takes other programs to say: lintian, zsh and fish; and that the same inputs give the same bytes."""
import os
import pathlib
import shutil
import subprocess
import time
import unittest

import packages


class Others(unittest.TestCase):
    def test_lintian(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", packages.deb()], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def completions(self):
        tree = packages.temporary() / "tree"
        packages.run("dpkg-deb", "--extract", packages.deb(), tree)
        return tree / "usr/share"

    def test_fish(self):
        file = self.completions() / "fish/vendor_completions.d/bascule.fish"

        def offered(line):
            said = packages.run("fish", "--no-config", "-c", f"source {file}; complete -C '{line}'", env={**os.environ, "HOME": str(packages.temporary())})
            return [one.split("\t")[0] for one in said.splitlines()]

        self.assertEqual(offered("bascule acc"), ["account"])
        self.assertIn("rotate-key", offered("bascule account "))
        self.assertEqual(offered("bascule account set --vers"), ["--versioning"])
        self.assertEqual(sorted(offered("bascule account set --versioning ")), ["off", "on"])

    def test_zsh(self):
        """Through a terminal of its own: zsh completes nowhere else."""
        file = self.completions() / "zsh/vendor-completions/_bascule"
        packages.run("zsh", "-n", file)
        script = f"""
            zmodload zsh/zpty
            zpty z zsh -f -i
            zpty -w z "PROMPT= ; fpath=({file.parent} \\$fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-prompt ''; bindkey '^I' complete-word; echo REA''DY"
            repeat 100; do zpty -r -t z out && print -r -- "$out"; [[ $out = *READY* ]] && break; sleep 0.1; done
            zpty -n -w z $'bascule account rot\\t'
            sleep 3
            while zpty -r -t z out; do print -r -- "$out"; done
        """
        said = packages.run("zsh", "-f", "-c", script, env={**os.environ, "HOME": str(packages.temporary()), "TERM": "dumb"})
        self.assertIn("rotate-key", said)


class SameBytes(unittest.TestCase):
    def test_packing_again_gives_the_same(self):
        """Another folder, another time, another umask and time zone. That the program is the same too: tools/reproducible."""
        made = []
        for number, zone in ((1, "UTC"), (2, "Pacific/Chatham")):
            where = packages.temporary() / f"out{number}"
            packages.run("bash", "-c", f"umask {'022' if number == 1 else '077'}; exec '{packages.ROOT}/packaging/build' --program '{packages.PROGRAM}' --out '{where}'",
                         env={**os.environ, "TZ": zone, "TMPDIR": str(packages.temporary()), "LANG": "C" if number == 1 else "C.UTF-8"})
            made.append((where / "SHA256SUMS").read_text())
            time.sleep(2)
        self.assertEqual(made[0], made[1])


if __name__ == "__main__":
    unittest.main()
