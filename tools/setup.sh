#!/usr/bin/env bash
# Sets up what luban needs on Debian or Ubuntu: `tools/setup.sh run` for using it, `dev` for working on it,
# `services` for the outside programs that the tests talk to. Run again, it does only what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-run}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

debian() { # debian PACKAGE…: install, or say how
    command -v apt-get >/dev/null || { say "not installed here (no apt-get): $*"; return 1; }
    export DEBIAN_FRONTEND=noninteractive
    { as_root apt-get install -y -qq "$@" || { as_root apt-get update -qq && as_root apt-get install -y -qq "$@"; }; } >/dev/null 2>&1 ||
        { say "needs: sudo apt-get install $*"; return 1; }
}

venv() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { say "luban needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Set PYTHON=/path/to/python3.12"; exit 1; }
    [ -x .venv/bin/pip ] && return
    rm -rf .venv
    "$python" -m venv .venv 2>/dev/null || { debian python3-venv && "$python" -m venv .venv; } ||
        { say "needs: sudo apt-get install python3-venv"; exit 1; }
}

install() { # install STAMP REQUIREMENT
    local stamp=.venv/.luban-$1
    [ -f "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt constraints.txt ] && return
    say "installing Python packages for '$1' into .venv (a minute or two, once) …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable "$2"
    touch "$stamp"
}

compile() { # what `luban pilot` runs, so that its first morning does not wait; both at once
    local stamp=.venv/.luban-compiled
    [ "$stamp" -nt .venv/.luban-run ] && return
    say "compiling the simulation and the planner (a minute or two, once) …"
    .venv/bin/python -c 'from luban.loop.story.planning import load_planner; load_planner()' &
    .venv/bin/python -c 'from luban.twin.load import read_loaded; from luban.twin.run import Run
Run(read_loaded("examples/c2_machining").model).to(1)'
    wait $!
    touch "$stamp"
}

services() {
    local missing=()
    command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
    command -v chromium >/dev/null || missing+=(chromium fonts-noto-cjk)
    command -v java >/dev/null || missing+=(default-jre-headless)
    command -v node >/dev/null || missing+=(nodejs npm)
    command -v ip >/dev/null || missing+=(iproute2)
    command -v xmllint >/dev/null || missing+=(libxml2-utils)
    if [ ${#missing[@]} -gt 0 ]; then
        say "installing test services: ${missing[*]} …"
        debian "${missing[@]}" || say "the tests that need them are skipped"
    fi
    local peers=tests/services/node_modules
    if command -v npm >/dev/null && ! [ -d $peers/node-opcua -a -d $peers/sparkplug-payload -a -d $peers/modbus-serial -a -d $peers/epcis2.js ]; then
        say "installing the independent OPC UA, Sparkplug, Modbus and EPCIS peers for the tests …"
        (cd tests/services && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts >/dev/null 2>&1) ||
            say "npm could not install them: the tests that need them are skipped"
    fi
}

case $want in
    run) venv; install run .; compile ;;
    dev) venv; install dev '.[dev]' ;;
    services) services ;;
    *) say "usage: tools/setup.sh run|dev|services"; exit 2 ;;
esac
