#!/bin/sh
# Makes .venv ready: Python 3.11 or 3.12, everything in requirements.lock, this project in editable form.
#
# Uses the system's Python where it fits; otherwise uv, itself from PyPI, brings Python 3.12. Does nothing when the last
# run already did it all (.venv/.ready holds what it was made from). No Node, no compiler, no input needed.
set -eu
cd "$(dirname "$0")/.."

FITS='import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))'
PYTHONS="python3.12 python3.11 python3 python /usr/bin/python3"
WANTED="$(pwd -P) $(cat requirements.lock pyproject.toml scripts/setup.sh | cksum)"

say() { printf '%s\n' "vtonlab: $*" >&2; }

stop() {
    say "$1"
    say "hint: $2"
    exit 1
}

main() {
    if [ -f .venv/.ready ] && [ "$(cat .venv/.ready)" = "$WANTED" ] && [ -x .venv/bin/vtonlab ]; then
        return
    fi
    rm -f .venv/.ready
    drop_unusable_venv
    [ -x .venv/bin/python ] || make_venv
    say "installing what requirements.lock lists (the first time takes a minute or two)"
    install_lock
    printf '%s' "$WANTED" >.venv/.ready
    say "ready: .venv/bin/vtonlab"
}

# A .venv whose Python is gone or unsuitable, or whose scripts point to where the folder was before it was moved.
drop_unusable_venv() {
    [ -e .venv ] || return 0
    if ! .venv/bin/python -c "$FITS" 2>/dev/null ||
        { [ -f .venv/bin/vtonlab ] && ! head -n 2 .venv/bin/vtonlab | grep -qF "$(pwd -P)/.venv/bin/python"; }; then
        say "making .venv anew"
        rm -rf .venv
    fi
}

make_venv() {
    make_venv_with_system_python || make_venv_with_uv ||
        { install_debian_python && { make_venv_with_system_python || make_venv_with_uv; }; } || stop \
        "Python 3.11 or 3.12 is needed, and could neither be found nor fetched." \
        "Debian, Ubuntu: sudo apt-get install python3-venv · macOS: xcode-select --install · then run make again."
}

make_venv_with_system_python() {
    for python in $PYTHONS; do
        if fits "$python" && has_ensurepip "$python"; then
            say "using $("$python" --version)"
            "$python" -m venv .venv && return
            rm -rf .venv
        fi
    done
    for python in $PYTHONS; do
        if fits "$python" && has_pip "$python"; then
            say "using $("$python" --version)"
            "$python" -m venv --without-pip .venv && "$python" -m pip --python .venv/bin/python install -q pip && return
            rm -rf .venv
        fi
    done
    return 1
}

make_venv_with_uv() {
    find_uv || return 1
    say "no Python 3.11 or 3.12 here that can make an environment: uv brings one"
    "$UV" venv --quiet --seed --python 3.12 .venv || stop \
        "uv could not bring Python 3.12." \
        "check the network connection (Python comes from github.com), or install Python 3.11 or 3.12; then run make again."
}

# Leaves the way to start uv in $UV: the machine's own, or one installed from PyPI into .uv/.
find_uv() {
    if command -v uv >/dev/null 2>&1; then
        UV=uv
        return 0
    fi
    UV=.uv/bin/uv
    [ -x "$UV" ] && return 0
    for python in $PYTHONS python3.14 python3.13 python3.10; do
        if has_ensurepip "$python" && "$python" -m venv .uv && .uv/bin/python -m pip install -q uv; then
            return 0
        fi
        rm -rf .uv
        if has_pip "$python" && "$python" -m venv --without-pip .uv &&
            "$python" -m pip --python .uv/bin/python install -q uv; then
            return 0
        fi
        rm -rf .uv
    done
    return 1
}

install_debian_python() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root="sudo"
    else
        return 1
    fi
    say "installing Debian's python3-venv"
    $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
}

install_lock() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --require-hashes -r requirements.lock &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
            --no-deps --no-build-isolation --editable . ||
        stop "the installation did not finish." "check the network connection and run make again; what was done is kept."
}

fits() { "$1" -c "$FITS" 2>/dev/null; }
has_ensurepip() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
has_pip() { "$1" -m pip --version >/dev/null 2>&1; }

main
