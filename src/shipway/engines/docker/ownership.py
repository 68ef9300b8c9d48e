"""Whose a directory in a container is, and is to be, as Docker's archives say it. Pure: no input or output here."""

import tarfile
from io import BytesIO

#: Bytes of an archive that hold all that stands before the first file's contents, extended headers included.
HEAD = 16 * 1024
Owner = tuple[int, int]


def is_root(user: str) -> bool:
    """Whether an image's USER is root, as the numbers or the name say."""
    return user.partition(":")[0] in ("", "root", "0")


def resolve(user: str, passwd: str, group: str) -> Owner | None:
    """The numbers of an image's USER (`app`, `1000`, `app:staff`, `1000:1000`), as Docker finds them; `None` where the
    image does not know the name, so that Docker will not start it either."""
    name, _, group_name = user.partition(":")
    entries = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]
    entry = next((each for each in entries if name in (each[0], each[2])), None)
    uid = entry[2] if entry else name
    gid = _group(group_name, group) if group_name else entry[3] if entry else "0"
    return (int(uid), int(gid)) if uid.isdecimal() and gid.isdecimal() else None


def user_id(user: str, passwd: str) -> int:
    """The same without the group; root's for a name that the image does not know."""
    owner = resolve(user.partition(":")[0], passwd, "")
    return owner[0] if owner else 0


def entry_of(head: bytes) -> tarfile.TarInfo:
    """The first entry of an archive that begins like this: of a directory, the directory itself."""
    with tarfile.open(fileobj=BytesIO(head), mode="r|") as archive:
        first = archive.next()
        assert first is not None
        return first


def first_text(archive: tarfile.TarFile) -> str:
    """What is in the first file of an archive; nothing where that is none."""
    first = archive.next()
    content = archive.extractfile(first) if first and first.isfile() else None
    return content.read().decode(errors="replace") if content else ""


def directory(name: str, owner: Owner, mode: int) -> bytes:
    """An archive of one directory. Where there is a directory of that name already, it becomes the owner's."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    entry.uid, entry.gid = owner
    written = BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(entry)
    return written.getvalue()


def _group(name: str, group: str) -> str:
    if name.isdecimal():
        return name
    entries = (line.split(":") for line in group.splitlines() if line.count(":") >= 2)
    return next((each[2] for each in entries if each[0] == name), "")
