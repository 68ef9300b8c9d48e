#!/usr/bin/env bash
# Resolve the newest versions that pyproject.toml allows, for every platform, with the hashes of their files and
# without the name of any index. Look at the difference before committing it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv=$PWD/.venv/bin/uv
if [[ -z ${SSL_CERT_FILE:-} && -r /etc/ssl/certs/ca-certificates.crt ]]; then
  export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
fi

compile() { "$uv" pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header "$@"; }

compile --group pyproject.toml:dev pyproject.toml -o requirements.lock
echo uv | compile --no-annotate - -o scripts/uv.lock.txt
