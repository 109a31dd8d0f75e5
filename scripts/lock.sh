#!/bin/sh
# Writes requirements.lock: everything that runs and develops the program, for Python 3.11 and 3.12 on Linux and macOS,
# with the hashes of the public index and without any registry's address. Called by `make lock`.
set -eu
cd "$(dirname "$0")/.."

# The public index only: hashes of a mirror's own builds would fit nowhere else.
unset UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_FIND_LINKS

.venv/bin/uv pip compile pyproject.toml --group dev \
    --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-annotate \
    --no-emit-find-links \
    --custom-compile-command "make lock" \
    --quiet --output-file requirements.lock "$@"

if grep -nE '://|file:|find-links|index-url|/home/|/opt/' requirements.lock; then
    echo "requirements.lock names a registry or a path of this machine (above)" >&2
    exit 1
fi
