#!/usr/bin/env bash
# Makes .venv with exactly what requirements.lock and scripts/uv.lock.txt name, each file checked by its hash, and
# Shipway itself on top. Needs Python 3.11 or newer. Where Debian's Python lacks its venv module, that is installed first.
# Run again it does nothing, or only what a changed lock, a moved checkout or a broken .venv asks for.
#
#   PYTHON=/path/to/python3 scripts/setup.sh    takes that Python
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
stamp=$venv/.shipway-setup
system_ca=/etc/ssl/certs/ca-certificates.crt

say() { printf -- '-----> %s\n' "$*"; }
note() { printf '       %s\n' "$*"; }
die() {
  printf -- ' !     %s\n' "$@" >&2
  exit 1
}

main() {
  if [[ $(recorded) == "$(wanted)" ]] && works; then return; fi
  trust_what_the_machine_trusts
  if [[ $(recorded | head -n 1) != "$root" ]] || ! works; then make_venv; fi
  use_the_index_of_pip
  rm -f "$stamp" # until the last line below, what is there counts as broken
  install_packages
  wanted >"$stamp"
}

# The stamp: where the .venv was made (its scripts name that directory), and from what.
wanted() {
  printf '%s\n' "$root"
  (cd "$root" && cat requirements.lock pyproject.toml scripts/uv.lock.txt | sha256sum)
}
recorded() { cat "$stamp" 2>/dev/null || true; }
works() { "$venv/bin/python" -c 'import pip, uv' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 /usr/bin/python3 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "No Python 3.11 or newer found (tried ${PYTHON:-python3 and its versions})." \
    "Install one (Debian 12: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3"
}

make_venv() {
  local python
  python=$(find_python)
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_venv_module "$python"
  say "Making .venv with $("$python" --version) ($python)"
  "$python" -m venv --clear "$venv"
}

# Debian ships the module as a package of its own.
install_venv_module() {
  local package sudo=()
  package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  command -v apt-get >/dev/null || die "$1 has no venv module." "Install it, or name another Python: make PYTHON=/path/to/python3"
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "$1 has no venv module." "As root, run: apt-get install $package"
    sudo=(sudo)
  fi
  say "Installing with apt-get: $package (Python's venv module)"
  apt_install "${sudo[@]}" || die "$package could not be installed." "See apt-get's message above; then run this again."
}

apt_install() {
  local install=("$@" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$package")
  "${install[@]}" >/dev/null 2>&1 || { "$@" apt-get update -qq && "${install[@]}" >/dev/null; }
}

# A network that intercepts TLS has its own authority in the system's bundle; pip and uv bring theirs and would refuse.
trust_what_the_machine_trusts() {
  if [[ -z ${SSL_CERT_FILE:-} && -r $system_ca ]]; then export SSL_CERT_FILE=$system_ca; fi
  if [[ -z ${PIP_CERT:-} && -n ${SSL_CERT_FILE:-} ]]; then export PIP_CERT=$SSL_CERT_FILE; fi
}

# uv doesn't read pip's settings: hand on the index that this machine's pip was told to use.
use_the_index_of_pip() {
  local index
  index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
  if [[ -n $index ]]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
  if [[ -n ${PIP_EXTRA_INDEX_URL:-} ]]; then export UV_INDEX=${UV_INDEX:-$PIP_EXTRA_INDEX_URL}; fi
  if [[ -n ${PIP_FIND_LINKS:-} ]]; then export UV_FIND_LINKS=${UV_FIND_LINKS:-${PIP_FIND_LINKS// /,}}; fi
}

install_packages() {
  cd "$root"
  export VIRTUAL_ENV=$venv
  say "Installing $(grep -c '==' requirements.lock) Python packages into .venv, each checked against its hash in requirements.lock"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r scripts/uv.lock.txt
  "$venv/bin/uv" pip sync -q --compile-bytecode --require-hashes requirements.lock
  "$venv/bin/uv" pip install -q --no-deps --no-build-isolation --editable .
  note "Done: $("$venv/bin/python" --version), $("$venv/bin/uv" --version)"
}

main
