"""The tool that our own PHP bases add extensions by. Data only."""

#: Called as the well-known tool of this name for the official image is, so that one Dockerfile serves both; it installs
#: Debian's packages. What PHP has already is left as it is; `redis-6.1.0` means what Debian has of `redis`.
INSTALL_EXTENSIONS = """\
#!/bin/sh
set -eu
php="php$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')"
packages=
for wanted; do
  name=${wanted%%[-^:]*}
  case $name in
    @composer) packages="$packages composer" ;;
    mysqli | mysqlnd | pdo_mysql) packages="$packages $php-mysql" ;;
    pgsql | pdo_pgsql) packages="$packages $php-pgsql" ;;
    sqlite3 | pdo_sqlite) packages="$packages $php-sqlite3" ;;
    odbc | pdo_odbc) packages="$packages $php-odbc" ;;
    pdo_dblib) packages="$packages $php-sybase" ;;
    dom | simplexml | xmlreader | xmlwriter | xsl) packages="$packages $php-xml" ;;
    *) php -m | grep -qixE "(zend )?$name" || packages="$packages $php-$(echo "$name" | tr '[:upper:]_' '[:lower:]-')" ;;
  esac
done
[ -n "$packages" ] || exit 0
[ -z "${SSL_CERT_FILE:-}" ] || trust="-o Acquire::https::CAInfo=$SSL_CERT_FILE"
apt-get ${trust:-} update
apt-get ${trust:-} install -y --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
"""
