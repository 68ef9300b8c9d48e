"""Bare repositories kept between deployments, so that a fetch brings what is new and a checkout needs no network.

Nothing in here is precious: a repository that is damaged, or has grown too large, is thrown away and fetched again.
"""

import asyncio
import hashlib
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from shipway.domain.credential import Credential
from shipway.sources.git.command import environment, git


@dataclass(slots=True)
class Cache:
    """A directory of bare repositories by key: whoever may read the same thing with the same credential shares one."""

    directory: Path
    #: Repositories that are kept; those not used for longest go first.
    most: int = 50
    #: Bytes and packs (one per fetch) at which a repository is started anew.
    max_bytes: int = 2 * 1024**3
    max_packs: int = 200
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def lock(self, key: str) -> asyncio.Lock:
        """Held by whoever uses the repository: one at a time."""
        return self._locks[key]

    async def open(self, key: str) -> Path:
        """The repository, made when it isn't there. The caller holds its lock."""
        path = self._path(key)
        await asyncio.to_thread(self._tidy, path)
        if not (path / "HEAD").exists():
            await git("init", "--quiet", "--bare", "--template=", str(path), env=environment())
        path.touch()
        return path

    async def drop(self, key: str) -> None:
        """Throw the repository away. The caller holds its lock."""
        await asyncio.to_thread(shutil.rmtree, self._path(key), ignore_errors=True)

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.git"

    def _tidy(self, opened: Path) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if opened.exists() and self._too_large(opened):
            shutil.rmtree(opened)
        others = [path for path in self.directory.glob("*.git") if path != opened and not self._in_use(path)]
        for path in sorted(others, key=_last_used, reverse=True)[self.most - 1 :]:
            shutil.rmtree(path, ignore_errors=True)

    def _too_large(self, path: Path) -> bool:
        sizes = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
        return sum(sizes) > self.max_bytes or len(list(path.glob("objects/pack/*.pack"))) > self.max_packs

    def _in_use(self, path: Path) -> bool:
        return path.stem in self._locks and self._locks[path.stem].locked()


def cache_key(url: str, credential: Credential | None) -> str:
    """The name of a repository in the cache. It differs by credential: nobody is served what another was let in to."""
    told = (credential.username, credential.password) if credential else ()
    return hashlib.sha256("\0".join((url, *told)).encode()).hexdigest()


def _last_used(path: Path) -> float:
    return path.stat().st_mtime
