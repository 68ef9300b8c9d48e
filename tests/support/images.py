"""A tiny image for tests, made here from Debian's static busybox: no registry is needed."""

import asyncio
import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import aiodocker

BUSYBOX = "shipway-test/busybox:1"

_BINARY = Path("/bin/busybox")
_DIRECTORIES = ("bin", "etc", "root", "tmp", "www", "www/_health", "www/cgi-bin")
_FILES = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\n",
    "www/index.html": "hello\n",
    "www/_health/index.html": "ok\n",
    "www/cgi-bin/env": "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv\n",
}
#: Unless told otherwise it serves /www: 200 at / and /_health/, its own environment at /cgi-bin/env.
_CONFIG = (
    "ENV PATH=/bin",
    "EXPOSE 8080",
    'CMD ["/bin/sh", "-c", "exec httpd -f -p ${PORT:-8080} -h /www"]',
)


async def ensure_test_image() -> str:
    """Make sure that the engine has the test image, and return its name: busybox with all its applets in /bin.

    Costs one inspection when it is there already. Installs `busybox-static` when this machine lacks it.
    """
    archive = await asyncio.to_thread(_archive)
    content = hashlib.sha256(archive + "".join(_CONFIG).encode()).hexdigest()
    async with aiodocker.Docker() as docker:
        if await _content_of(docker, BUSYBOX) != content:
            await _import(docker, archive, content)
    return BUSYBOX


async def _content_of(docker: aiodocker.Docker, image: str) -> str:
    try:
        config = (await docker.images.inspect(image))["Config"]
        return str((config.get("Labels") or {}).get("shipway-test.content", ""))
    except aiodocker.DockerError as error:
        if error.status != 404:
            raise
        return ""


async def _import(docker: aiodocker.Docker, archive: bytes, content: str) -> None:
    repository, tag = BUSYBOX.split(":")
    changes = [*_CONFIG, f"LABEL shipway-test.content={content}"]
    parameters = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", change) for change in changes)]
    url = f"{docker.docker_host}/images/create"
    async with docker.session.post(url, params=parameters, data=io.BytesIO(archive)) as answer:
        text = await answer.text()
    assert answer.status == 200 and "error" not in text, text


def _archive() -> bytes:
    """The root file system, byte for byte the same each time."""
    if not _BINARY.exists():
        subprocess.run(["apt-get", "install", "-y", "-q", "busybox-static"], check=True, stdout=subprocess.DEVNULL)
    applets = subprocess.run([_BINARY, "--list"], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in _DIRECTORIES:
            _add(tar, name, kind=tarfile.DIRTYPE, mode=0o1777 if name == "tmp" else 0o755)
        for name, text in _FILES.items():
            _add(tar, name, text.encode())
        _add(tar, "bin/busybox", _BINARY.read_bytes())
        for applet in applets:
            if applet != "busybox":
                _add(tar, f"bin/{applet}", kind=tarfile.SYMTYPE, target="busybox")
    return buffer.getvalue()


def _add(
    tar: tarfile.TarFile,
    name: str,
    content: bytes = b"",
    *,
    kind: bytes = tarfile.REGTYPE,
    mode: int = 0o755,
    target: str = "",
) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
    tar.addfile(entry, io.BytesIO(content))
