"""The Debian packages behind a program: which libraries it is linked to, whose they are, their versions and licences."""
import dataclasses
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def libraries(program):
    """name -> path of every shared library that the program is started with, the loader too."""
    found = {}
    for line in run("ldd", program).splitlines():
        match = re.match(r"\s*(\S+) => (/\S+) \(", line) or re.match(r"\s*(/\S+/(\S+)) \(", line)
        if match and "=>" in line:
            found[match.group(1)] = match.group(2)
        elif match:
            found[match.group(1)] = match.group(1)
        elif "not found" in line:
            raise RuntimeError(f"{program} is not whole here: {line.strip()}")
    return found


@functools.cache
def owner(path):
    """The package that a file belongs to. A merged /usr hides from dpkg where it unpacked a file."""
    real = str(pathlib.Path(path).resolve())
    for candidate in (path, real, real.removeprefix("/usr"), "/usr" + real):
        ran = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True)
        if ran.returncode == 0:
            return ran.stdout.split(":")[0]
    raise RuntimeError(f"{path} belongs to no Debian package")


@dataclasses.dataclass(frozen=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    homepage: str
    licence: str           # an SPDX expression, of most of its files
    others: tuple          # what else the copyright file names


@functools.cache
def package(name):
    fields = run("dpkg-query", "-W", "-f",
                 "${binary:Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}\n", name).splitlines()[0].split("\t")
    licence, others = licences(fields[0].split(":")[0], fields[3])
    return Package(fields[0].split(":")[0], *fields[1:6], licence, others)


# Debian's short names that SPDX writes in another way.
SPDX = {"Expat": "MIT", "BSL-1.0": "BSL-1.0", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause", "BSD-3-Clause": "BSD-3-Clause", "BSD-2-Clause": "BSD-2-Clause", "Apache-2.0": "Apache-2.0", "Zlib": "Zlib",
        "zlib": "Zlib", "ISC": "ISC", "MIT": "MIT", "Boost-1.0": "BSL-1.0", "BSL-1": "BSL-1.0", "Apache-2": "Apache-2.0", "MPL-2.0": "MPL-2.0",
        "public-domain": "LicenseRef-public-domain", "BSD-variant": "bzip2-1.0.6"}
for family in ("GPL", "LGPL", "AGPL"):
    for number in ("2", "2.0", "2.1", "3", "3.0"):
        full = number if "." in number else number + ".0"
        SPDX[f"{family}-{number}"] = f"{family}-{full}-only"
        SPDX[f"{family}-{number}+"] = f"{family}-{full}-or-later"
# Read by us in the copyright file: it has no form that a program reads, or its first words are not its licence. By source package.
READ = {"fmtlib": "MIT", "glibc": "LGPL-2.1-or-later", "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1", "openssl": "Apache-2.0", "zlib": "Zlib", "bzip2": "bzip2-1.0.6",
        "libzstd": "BSD-3-Clause OR GPL-2.0-only", "lz4": "BSD-2-Clause", "boost1.81": "BSL-1.0", "snappy": "BSD-3-Clause", "gflags": "BSD-3-Clause",
        "rocksdb": "Apache-2.0 OR GPL-2.0-only", "mimalloc": "MIT", "llvm-toolchain-19": "Apache-2.0 WITH LLVM-exception", "cmake": "BSD-3-Clause",
        "ninja-build": "Apache-2.0", "ca-certificates": "MPL-2.0", "python3-defaults": "PSF-2.0", "pkgconf": "ISC", "ccache": "GPL-3.0-or-later",
        "libcap2": "BSD-3-Clause OR GPL-2.0-or-later", "systemd": "LGPL-2.1-or-later"}


def licences(name, source):
    file = pathlib.Path(f"/usr/share/doc/{name}/copyright")
    if not file.exists():
        raise RuntimeError(f"the package {name} has no copyright file")
    text = file.read_text(errors="replace")
    stated = {}
    if re.match(r"Format(-Specification)?:", text):
        for stanza in re.split(r"\n\s*\n", text):
            files, licence = re.search(r"(?m)^Files: *(.*)$", stanza), re.search(r"(?m)^License: *(\S.*)$", stanza)
            if files and licence:
                stated.setdefault(files.group(1).split()[0] if files.group(1) else "", licence.group(1).strip())
    whole = stated.get("*")
    if source in READ:
        licence = READ[source]
    elif whole in SPDX:
        licence = SPDX[whole]
    else:
        raise RuntimeError(f"the licence of {name} ({source}) is not known: {whole!r}; read {file} and add it to READ")
    return licence, tuple(sorted({one for one in stated.values() if one != whole}))


def linked(program):
    """The packages of all shared libraries of the program."""
    return sorted({owner(path) for path in libraries(program).values()})


def named(group):
    """The packages that a list of tools/packages-* names."""
    return [line for line in (ROOT / f"tools/packages-{group}").read_text().splitlines() if line and not line.startswith("#")]
