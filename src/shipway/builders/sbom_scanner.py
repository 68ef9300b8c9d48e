"""Lists the packages in an image's file system as SPDX 2.3; it runs in a container of its own (`base_recipes.py`).

It follows BuildKit's protocol for scanners: BUILDKIT_SCAN_SOURCE is the directory with the file system, and into
BUILDKIT_SCAN_DESTINATION goes an in-toto statement. It needs Python's own library and nothing of Shipway. What can't be
read is left out: a bill of materials with a gap is better than no image.
"""

import json
import mmap
import os
import re
import stat
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

#: Kind (as a package URL names it), name, version.
Package = tuple[str, str, str]

_SKIPPED = {"proc", "sys", "dev", "tmp", "usr/share/man", "usr/share/locale", "usr/include", "usr/share/zoneinfo"}
_DISTRIBUTION_S = ("usr/bin/", "usr/sbin/", "bin/", "sbin/", "usr/lib/x86_64", "usr/lib/aarch64", "usr/libexec/")
_JAR = re.compile(r"(?P<name>.+?)-(?P<version>\d[\w.+-]*)\.jar")
_GEM = re.compile(r"(?P<name>.+)-(?P<version>\d[\w.]*?)(?:-[a-z][\w.-]*)?\.gemspec")
_DIST_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")
_GO_MAGIC = b"\xff Go buildinf:"
#: Bytes of Go's header before its strings, and of the marks around its list of modules.
_GO_HEADER, _GO_MARK = 32, 16
_SMALLEST_GO = 500_000


def packages(root: Path) -> list[Package]:
    """Every package found below `root`, each once, in order."""
    found: set[Package] = set(_quietly(debian(root / "var/lib/dpkg/status")))
    for path, is_directory in _walk(root):
        found.update(_quietly(_in(root, path, is_directory)))
    return sorted(found)


def debian(status: Path) -> Iterator[Package]:
    """What dpkg has installed."""
    for paragraph in status.read_text(errors="replace").split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Status): (.*)$", paragraph, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            yield "deb/debian", fields["Package"], fields.get("Version", "")


def go_modules(data: bytes) -> list[Package]:
    """The modules that a Go program says it was built of, from its header on; empty for one older than Go 1.18."""
    if not data.startswith(_GO_MAGIC) or not data[15] & 2:
        return []
    _, rest = _go_string(data[_GO_HEADER:])
    modules, _ = _go_string(rest)
    lines = modules[_GO_MARK:-_GO_MARK].decode(errors="replace").splitlines()
    columns = [line.split("\t") for line in lines]
    return [("golang", each[1], each[2]) for each in columns if each[0] in ("dep", "=>", "mod") and len(each) > 2]


def statement(found: list[Package], name: str, created: str) -> dict[str, object]:
    """An in-toto statement with an SPDX document; the builder adds what it is about."""
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://shipway.invalid/sbom/{quote(name)}/{quote(created)}",
        "creationInfo": {"created": created, "creators": ["Tool: shipway-sbom-1"]},
        "packages": [_spdx(number, package) for number, package in enumerate(found)],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": f"SPDXRef-Package-{number}",
            }
            for number in range(len(found))
        ],
    }
    kind = "https://spdx.dev/Document"
    return {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind, "predicate": document}


def _spdx(number: int, package: Package) -> dict[str, object]:
    kind, name, version = package
    url = f"pkg:{kind}/{quote(name, safe='/')}" + (f"@{quote(version)}" if version else "")
    return {
        "SPDXID": f"SPDXRef-Package-{number}",
        "name": name,
        **({"versionInfo": version} if version else {}),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url},
        ],
    }


def _walk(root: Path) -> Iterator[tuple[Path, bool]]:
    for directory, names, files in os.walk(root):
        inside = os.path.relpath(directory, root)
        names[:] = [name for name in names if os.path.normpath(f"{inside}/{name}") not in _SKIPPED]
        yield from ((Path(directory, name), True) for name in names if name.endswith(".dist-info"))
        yield from ((Path(directory, name), False) for name in files)


def _in(root: Path, path: Path, is_directory: bool) -> Iterator[Package]:
    """What one path says by itself."""
    if is_directory:
        yield from _named("pypi", _DIST_INFO.fullmatch(path.name))
    elif path.name == "package.json" and "node_modules" in (path.parts[-3], path.parts[-4]):
        yield from _node(path)
    elif path.suffix == ".gemspec" and path.parts[-2] in ("specifications", "default"):
        yield from _named("gem", _GEM.fullmatch(path.name))
    elif path.suffix in (".jar", ".war"):
        yield from _jars(path)
    elif path.parts[-3:] == ("vendor", "composer", "installed.json"):
        yield from _composer(path)
    elif not path.suffix and not str(path.relative_to(root)).startswith(_DISTRIBUTION_S):
        yield from _go(path)


def _named(kind: str, match: re.Match[str] | None) -> Iterator[Package]:
    if match:
        yield kind, match["name"], match["version"]


def _node(path: Path) -> Iterator[Package]:
    about = json.loads(path.read_bytes())
    # Folders that only say `"type": "module"` are no packages.
    if about.get("name") and about.get("version"):
        yield "npm", str(about["name"]).replace("@", "%40"), str(about["version"])


def _composer(path: Path) -> Iterator[Package]:
    installed = json.loads(path.read_bytes())
    for each in installed["packages"] if isinstance(installed, dict) else installed:
        yield "composer", each["name"], each["version"]


def _jars(path: Path) -> Iterator[Package]:
    """A library by its own name; an application by those of the libraries in it."""
    yield from _named("maven", _JAR.fullmatch(path.name))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield from _named("maven", _JAR.fullmatch(name.rpartition("/")[2]))


def _go(path: Path) -> Iterator[Package]:
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) and status.st_mode & 0o100) or status.st_size < _SMALLEST_GO:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] == b"\x7fELF" and (begin := data.find(_GO_MAGIC)) >= 0:
            yield from go_modules(data[begin : begin + (1 << 20)])


def _go_string(data: bytes) -> tuple[bytes, bytes]:
    """A string with its length before it, in seven bits a byte; and what follows it."""
    length = shift = position = 0
    while True:
        byte = data[position]
        length |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return data[position : position + length], data[position + length :]


def _quietly(found: Iterator[Package]) -> Iterator[Package]:
    """As many as can be read."""
    with suppress(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, zipfile.BadZipFile):
        yield from found


def main() -> None:
    """As BuildKit calls it."""
    source, destination = Path(os.environ["BUILDKIT_SCAN_SOURCE"]), Path(os.environ["BUILDKIT_SCAN_DESTINATION"])
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = packages(source)
    (destination / "sbom.spdx.json").write_text(json.dumps(statement(found, source.name, created)))
    sys.stdout.write(f"{len(found)} packages\n")


if __name__ == "__main__":
    main()
