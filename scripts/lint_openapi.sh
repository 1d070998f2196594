#!/bin/sh
# Lints openapi.yaml: with Redocly where Node is there, else only against the OpenAPI 3.1 schema.
# PYTHON names the interpreter for the latter (default: the repository's own environment).
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
redocly=@redocly/cli@2.77.0

# Node trusts only what it brings along, unless it is shown the certificates that this machine trusts.
[ ! -r /etc/ssl/certs/ca-certificates.crt ] ||
    export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npm_config_update_notifier=false

# Asked for its version first, so that a machine without a registry falls back instead of failing.
if command -v npx >/dev/null 2>&1 && npx --yes "$redocly" --version >/dev/null 2>&1; then
    exec npx --yes "$redocly" lint --config redocly.yaml openapi.yaml
fi

echo "lint_openapi: Node with npx can't run $redocly here; checking against the OpenAPI 3.1 schema only" >&2
exec "$python" -m openapi_spec_validator --schema 3.1 openapi.yaml
