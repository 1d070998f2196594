#!/bin/sh
# Pins everything that pyproject.toml asks for, with hashes, into requirements/*.lock: scripts/lock.sh [--upgrade]
#   build.lock    what builds the wheel     runtime.lock  what the service runs on
#   dev.lock      runtime and the development tools
set -eu
cd "$(dirname "$0")/.."

command -v uv >/dev/null || {
    echo "make lock needs uv (https://docs.astral.sh/uv/): pip install uv" >&2
    exit 1
}

pin() {
    UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links "$@"
}

build_requirements() {
    sed -n 's/^requires = \[\(.*\)\]$/\1/p' pyproject.toml | tr ',' '\n' | tr -d '" '
}

pin pyproject.toml --output-file requirements/runtime.lock "$@"
# Hatchling needs editables for `pip install --editable`.
{ build_requirements; echo editables; } |
    pin - --constraint requirements/runtime.lock --output-file requirements/build.lock "$@"
pin pyproject.toml --group dev --constraint requirements/runtime.lock --constraint requirements/build.lock \
    --output-file requirements/dev.lock "$@"
