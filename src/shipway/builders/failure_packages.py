"""Which of Debian's packages has what a build was missing. Data, and one look-up."""

import posixpath

_PACKAGES = {
    "build-essential": "cc gcc g++ c++ make ld ar cpp x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc stdio.h stdlib.h",
    "cmake": "cmake",
    "curl": "curl",
    "cargo": "cargo rustc",
    "default-libmysqlclient-dev": "mysql_config mariadb_config mysqlclient mariadb libmariadb mysql.h lmysqlclient",
    "git": "git",
    "libcairo2-dev": "cairo cairo.h",
    "libffi-dev": "ffi.h libffi",
    "libjpeg-dev": "jpeglib.h jpeg",
    "libldap2-dev": "ldap.h lber.h lldap",
    "libpcre2-dev": "pcre2-config libpcre2-8",
    "libpq-dev": "pg_config libpq-fe.h libpq lpq",
    "libsasl2-dev": "sasl.h sasl/sasl.h",
    "libssl-dev": "openssl openssl.h opensslv.h ssl.h openssl-sys lssl",
    "libvips-dev": "vips vips-cpp",
    "libxml2-dev": "xml2-config libxml-2.0 xmlversion.h parser.h",
    "libxmlsec1-dev": "xmlsec1 xmlsec.h",
    "libxslt1-dev": "xslt-config libxslt xslt.h",
    "libyaml-dev": "yaml.h",
    "nodejs npm": "node npm npx",
    "pkg-config": "pkg-config",
    "protobuf-compiler": "protoc",
    "python3": "python python3",
    "python3-dev": "Python.h",
    "unixodbc-dev": "sql.h sqlext.h",
    "unzip": "unzip",
    "wget": "wget",
    "zlib1g-dev": "zlib.h zlib",
}
_OF = {name: package for package, names in _PACKAGES.items() for name in names.split()}


def package_of(name: str) -> str:
    """The package for a command, a header, a library or a pkg-config module; a guess in words when none is known."""
    name = name.strip(" .'\"`")
    known = _OF.get(name) or _OF.get(posixpath.basename(name).lower())
    return known or "the package that has it"
