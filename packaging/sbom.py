#!/usr/bin/env python3
"""Writes the SBOM: SPDX 2.3 as JSON, naming each thing that the program consists of or was made with, its version, licence, origin.

  packaging/sbom.py --program FILE --version TEXT --out FILE

The libraries are those that the program is linked to, found by ldd and dpkg on the machine that built it; those that are compiled
in, and the tools, are the packages of tools/packages-build. SOURCE_DATE_EPOCH is its date. The same inputs give the same bytes.
"""
import argparse
import datetime
import hashlib
import json
import os
import pathlib
import re
import sys

import debian_packages as debian
import helptext

TOOLS = {"ccache", "clang-19", "cmake", "lld-19", "ninja-build", "pkg-config", "python3"}
HEADERS_ALONE = {"libboost1.81-dev"}   # Asio and Beast: of one source with libraries that are linked, but compiled in
SNAPSHOT = "https://snapshot.debian.org/package"


def identifier(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def described(one, purpose):
    locator = f"pkg:deb/debian/{one.name.replace('+', '%2B')}@{one.version.replace('+', '%2B').replace(':', '%3A')}?arch={one.architecture}&distro=bookworm"
    out = {
        "SPDXID": identifier("Package", one.name), "name": one.name, "versionInfo": one.version, "supplier": "Organization: Debian",
        "downloadLocation": f"{SNAPSHOT}/{one.source}/{one.source_version}/", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": one.licence, "copyrightText": "NOASSERTION", "primaryPackagePurpose": purpose,
        "sourceInfo": f"Debian source package {one.source} {one.source_version}",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}],
    }
    if one.homepage:
        out["homepage"] = one.homepage
    if one.others:
        out["licenseComments"] = ("The licence of most files; the package's copyright file also names, for single files: " + "; ".join(one.others))
    return out


def document(program, version):
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    build = helptext.version(program)
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    root = {
        "SPDXID": "SPDXRef-Package-bascule", "name": "bascule", "versionInfo": version, "supplier": "Organization: Bascule",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "EUPL-1.2", "licenseDeclared": "EUPL-1.2",
        "copyrightText": "2026 the Bascule authors", "primaryPackagePurpose": "APPLICATION",
        "sourceInfo": f"built from commit {build['commit']} with {build['compiler']}",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "comment": "The checksum is the program's as it was linked; the packages hold it without the addresses for a debugger.",
        "licenseComments": "The format specifications, their vectors and the independent reader are under Apache-2.0.",
    }
    packages, relations, seen = [root], [], {}

    def relate(source, kind, target, comment=""):
        relations.append({"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": target, **({"comment": comment} if comment else {})})

    def add(name, purpose):
        one = debian.package(name)
        if one.name not in seen:
            seen[one.name] = one
            packages.append(described(one, purpose))
        return identifier("Package", one.name), one

    relate("SPDXRef-DOCUMENT", "DESCRIBES", root["SPDXID"])
    runtime_sources = set()
    for name in debian.linked(program):
        at, one = add(name, "LIBRARY")
        runtime_sources.add(one.source)
        relate(root["SPDXID"], "DYNAMIC_LINK", at)
    for name in debian.named("build"):
        at, one = add(name, "APPLICATION" if name in TOOLS else "LIBRARY")
        if name in TOOLS:
            relate(at, "BUILD_TOOL_OF", root["SPDXID"])
        elif one.source in runtime_sources and name not in HEADERS_ALONE:
            relate(at, "BUILD_DEPENDENCY_OF", root["SPDXID"], "headers of a library that is linked")
        else:
            relate(root["SPDXID"], "STATIC_LINK", at, "compiled in: headers, or an archive")
    at, one = add("ca-certificates", "FILE")
    relate(root["SPDXID"], "DEPENDS_ON", at, "authorities to trust, where none are configured")
    extracted = sorted({word for one in packages for word in re.findall(r"LicenseRef-[A-Za-z0-9.-]+", one["licenseDeclared"])})
    body = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"bascule-{version}",
        "creationInfo": {"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Organization: Bascule", "Tool: packaging-sbom.py"]},
        "packages": sorted(packages, key=lambda one: (one["name"] != "bascule", one["name"])),
        "relationships": sorted(relations, key=lambda one: (one["relationshipType"], one["spdxElementId"], one["relatedSpdxElement"])),
    }
    if extracted:
        body["hasExtractedLicensingInfos"] = [
            {"licenseId": name, "name": name.removeprefix("LicenseRef-"), "extractedText": "Dedicated to the public domain; the package's copyright file has the words."}
            for name in extracted]
    name = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
    body["documentNamespace"] = f"https://spdx.org/spdxdocs/bascule-{version}-{name}"
    return body


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("program", "version", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    pathlib.Path(options.out).write_text(json.dumps(document(options.program, options.version), indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
