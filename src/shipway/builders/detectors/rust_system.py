"""Debian packages that crates with C in them need, and what listening looks like in Rust. Data, and a look-up."""

import re
from collections.abc import Set
from dataclasses import dataclass

#: What building takes besides a C compiler, and what running takes.
_WITH_C: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "openssl-sys": (("libssl-dev", "pkg-config"), ("libssl3",)),
    "pq-sys": (("libpq-dev", "pkg-config"), ("libpq5",)),
    "mysqlclient-sys": (("default-libmysqlclient-dev", "pkg-config"), ("libmariadb3",)),
    "libsqlite3-sys": (("libsqlite3-dev", "pkg-config"), ("libsqlite3-0",)),
    "aws-lc-sys": (("cmake",), ()),
    "rdkafka-sys": (("cmake", "g++", "make", "zlib1g-dev"), ("zlib1g",)),
    "librocksdb-sys": (("g++", "libclang-dev"), ("libstdc++6",)),
    "bindgen": (("libclang-dev",), ()),
    "prost-build": (("protobuf-compiler",), ()),
    "tikv-jemalloc-sys": (("make",), ()),
    "openssl-src": (("make", "perl"), ()),
}
#: Crates that bring one of those, for a project without a Cargo.lock.
_BRINGS = {
    "openssl": "openssl-sys",
    "native-tls": "openssl-sys",
    "reqwest": "openssl-sys",
    "rusqlite": "libsqlite3-sys",
    "rdkafka": "rdkafka-sys",
    "rocksdb": "librocksdb-sys",
    "tonic-build": "prost-build",
}
_CALL = r"(?:\bbind|\brun|\btry_bind|\bserve|SocketAddr(?:V4)?::(?:from|new)|Server::http|start_server)\(\s*"
#: Calls that listen: on `"127.0.0.1:3000"`, or on `([127, 0, 0, 1], 3000)`.
LISTENS = (
    re.compile(_CALL + r"&?(?:format!\(\s*)?\"(?P<host>[^\":\s]*|\[[^\]\"]*\]):(?P<port>\d{0,5})"),
    re.compile(_CALL + r"\(\s*[\[\"](?P<host>[\d., ]+|localhost)[\]\"],\s*(?P<port>\d{0,5})"),
)


@dataclass(frozen=True, slots=True)
class SystemPackages:
    """Debian packages by stage, and the crates they are for."""

    building: tuple[str, ...]
    running: tuple[str, ...]
    reasons: tuple[tuple[str, tuple[str, ...]], ...]


def find_packages(crates: Set[str]) -> SystemPackages:
    """What these crates need."""
    names = crates | {_BRINGS[name] for name in crates & _BRINGS.keys()}
    needed = {name: packages for name, packages in _WITH_C.items() if name in names}
    building = {package for build, _ in needed.values() for package in build}
    running = {package for _, run in needed.values() for package in run}
    reasons = tuple((name, (*build, *run)) for name, (build, run) in needed.items())
    return SystemPackages(tuple(sorted(building)), tuple(sorted(running)), reasons)
