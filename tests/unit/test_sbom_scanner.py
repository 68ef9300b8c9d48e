"""What is found in an image's file system, and how it is written down."""

import json
import zipfile
from pathlib import Path

import pytest

from shipway.builders import sbom_scanner
from shipway.builders.sbom_scanner import go_modules, main, packages

STATUS = """\
Package: libc6
Status: install ok installed
Version: 2.41-12

Package: gone
Status: deinstall ok config-files
Version: 1
"""


def write(root: Path, path: str, content: str | bytes = "") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def go_binary(*lines: str) -> bytes:
    """The header of a Go program; its strings are short enough for two bytes of length."""
    modules = b"x" * 16 + "\n".join(lines).encode() + b"y" * 16
    version = b"go1.24"
    length = bytes([len(modules) & 0x7F | 0x80, len(modules) >> 7])
    return b"\xff Go buildinf:\x08\x02" + bytes(16) + bytes([len(version)]) + version + length + modules


def test_packages_of_every_kind_are_found_each_once(tmp_path: Path) -> None:
    write(tmp_path, "var/lib/dpkg/status", STATUS)
    write(tmp_path, "app/.venv/lib/python3.13/site-packages/flask-3.1.0.dist-info/METADATA")
    write(tmp_path, "app/node_modules/@acme/ui/package.json", '{"name": "@acme/ui", "version": "2.0.0"}')
    write(tmp_path, "app/node_modules/ms/package.json", '{"name": "ms", "version": "2.1.3"}')
    write(tmp_path, "srv/node_modules/ms/package.json", '{"name": "ms", "version": "2.1.3"}')
    write(tmp_path, "usr/lib/ruby/gems/3.3.0/specifications/nokogiri-1.18.2-x86_64-linux-gnu.gemspec")
    write(tmp_path, "app/vendor/composer/installed.json", '{"packages": [{"name": "slim/slim", "version": "4.14.0"}]}')
    with zipfile.ZipFile(write(tmp_path, "app/app.jar"), "w") as jar:
        jar.writestr("BOOT-INF/lib/spring-core-6.2.1.jar", b"")
    assert packages(tmp_path) == [
        ("composer", "slim/slim", "4.14.0"),
        ("deb/debian", "libc6", "2.41-12"),
        ("gem", "nokogiri", "1.18.2"),
        ("maven", "spring-core", "6.2.1"),
        ("npm", "%40acme/ui", "2.0.0"),
        ("npm", "ms", "2.1.3"),
        ("pypi", "flask", "3.1.0"),
    ]


def test_a_go_program_tells_its_modules(tmp_path: Path) -> None:
    said = go_binary(
        "path\texample.com/app", "mod\texample.com/app\t(devel)\t", "dep\tgithub.com/gin-gonic/gin\tv1.10.0\th1:x"
    )
    program = write(tmp_path, "app/server", b"\x7fELF" + bytes(600_000) + said)
    program.chmod(0o755)
    assert ("golang", "github.com/gin-gonic/gin", "v1.10.0") in packages(tmp_path)
    assert go_modules(b"something else") == []


def test_what_can_not_be_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "app/node_modules/broken/package.json", "{")
    write(tmp_path, "app/node_modules/list/package.json", "[]")
    write(tmp_path, "app/broken.jar", b"no archive")
    write(tmp_path, "app/node_modules/kind/package.json", '{"type": "module"}')
    write(tmp_path, "app/node_modules/ms/package.json", '{"name": "ms", "version": "2.1.3"}')
    assert packages(tmp_path) == [("npm", "ms", "2.1.3")]


def test_the_statement_is_spdx_by_the_scanners_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "source/var/lib/dpkg/status", STATUS)
    (tmp_path / "out").mkdir()
    monkeypatch.setenv("BUILDKIT_SCAN_SOURCE", str(tmp_path / "source"))
    monkeypatch.setenv("BUILDKIT_SCAN_DESTINATION", str(tmp_path / "out"))
    main()
    statement = json.loads((tmp_path / "out/sbom.spdx.json").read_text())
    assert statement["predicateType"] == "https://spdx.dev/Document"
    document = statement["predicate"]
    assert document["spdxVersion"] == "SPDX-2.3"
    assert [each["name"] for each in document["packages"]] == ["libc6"]
    reference = document["packages"][0]["externalRefs"][0]["referenceLocator"]
    assert reference == "pkg:deb/debian/libc6@2.41-12"
    assert [each["relatedSpdxElement"] for each in document["relationships"]] == ["SPDXRef-Package-0"]
    assert "1 packages" in capsys.readouterr().out


def test_the_scanner_needs_nothing_that_its_image_lacks() -> None:
    assert "shipway." not in Path(sbom_scanner.__file__).read_text().replace("shipway.invalid", "")
