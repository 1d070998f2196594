#!/bin/sh
# Sets up, once, what a make target needs: scripts/setup.sh dev|lint|test
#   dev    .venv with the service, and redis-server, without which the service keeps its state in its own process
#   lint   dev and the development tools
#   test   lint and what the tests start: Redis, PostgreSQL, Chromium, Kannel, the gateway, and Node.js with a few packages
# System packages are installed only by root or where sudo asks for no password; OTP_SETUP_APT=no forbids it.
# A second run finds its stamp in .venv and ends at once.
set -eu
cd "$(dirname "$0")/.."

WHAT=${1:?usage: scripts/setup.sh dev|lint|test}
LOG=.venv/setup.log

say() { if [ -t 2 ]; then printf '\033[2m%s\033[0m\n' "$*" >&2; else echo "$*" >&2; fi; }

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# --- stamps -------------------------------------------------------------------------------------------------------

# The folder is part of it: a virtual environment does not survive being moved.
stamp_of_now() { { pwd && cat scripts/setup.sh pyproject.toml requirements/*.lock tests/node/package.json; } | cksum; }

is_done() { [ "$(cat ".venv/.done-$1" 2>/dev/null)" = "$STAMP" ]; }

mark_done() { for step; do echo "$STAMP" >".venv/.done-$step"; done; }

# --- system packages ----------------------------------------------------------------------------------------------

may_install() {
    [ "${OTP_SETUP_APT:-yes}" = yes ] && command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

apt() { as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -o DPkg::Lock::Timeout=300 "$@"; }

APT_IS_FRESH=no

# Debian starts a server as soon as it is installed. The service and the tests start their own.
hold_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | as_root sh -c 'cat >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d'
}

disable_services() {
    [ -d /run/systemd/system ] || return 0
    for package; do
        case $package in
        redis-server | postgresql) as_root systemctl disable --quiet "$package" || true ;;
        esac
    done
}

# install_packages PACKAGE...: false if it is not permitted or did not work.
install_packages() {
    may_install || return 1
    say "Installing the system packages: $* ..."
    hold_services
    apt_log=$(mktemp)
    if [ $APT_IS_FRESH = no ]; then
        apt update >"$apt_log" 2>&1 || true
        APT_IS_FRESH=yes
    fi
    if apt install -y --no-install-recommends "$@" </dev/null >"$apt_log" 2>&1; then
        rm -f "$apt_log"
        disable_services "$@"
    else
        tail -n 5 "$apt_log" >&2
        rm -f "$apt_log"
        return 1
    fi
}

has_redis() { command -v valkey-server >/dev/null || command -v redis-server >/dev/null; }
has_postgresql() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has_chromium() { [ -x .venv/bin/chromium ] || command -v chromium >/dev/null; }
has_kannel() { [ -x /usr/sbin/bearerbox ] || command -v bearerbox >/dev/null; }
has_node() { command -v node >/dev/null && command -v npm >/dev/null; }
is_debian() { grep -q '^ID=debian' /etc/os-release 2>/dev/null; }

missing_packages() {
    has_redis || echo redis-server
    has_postgresql || echo postgresql
    has_chromium || ! is_debian || echo chromium fonts-dejavu-core
    has_kannel || echo kannel
    has_node || echo nodejs npm
    command -v git >/dev/null || echo git
    command -v curl >/dev/null || echo curl
}

set_up_redis() {
    has_redis || [ -n "${OTP_REDIS_URL:-}" ] || install_packages redis-server ||
        say "No redis-server here: state will live in the memory of the service. (sudo apt-get install -y redis-server)"
}

# Ubuntu's chromium is a snap, which containers cannot run: there Playwright brings its own.
set_up_browser() {
    has_chromium && return
    say "Installing Chromium for the tests ..."
    if may_install; then as_root .venv/bin/playwright install-deps chromium >>$LOG 2>&1 || true; fi
    .venv/bin/playwright install chromium >>$LOG 2>&1 || fail "the tests need Chromium; see $LOG"
    browser=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as p
with p() as tools: print(tools.chromium.executable_path)')
    ln -sf "$browser" .venv/bin/chromium
}

set_up_servers() {
    packages=$(missing_packages | tr '\n' ' ')
    # shellcheck disable=SC2086 # one word per package
    [ -z "$packages" ] || install_packages $packages ||
        fail "the tests need these packages, please run: sudo apt-get install -y $packages"
    set_up_browser
    set_up_node
}

# Other people's libraries, as test oracles. Exact versions, and no scripts of theirs run.
set_up_node() {
    say "Installing Node.js packages into .venv/node ..."
    mkdir -p .venv/node
    cp tests/node/package.json .venv/node/
    # Node trusts only what it brings along, unless it is shown the certificates that this machine trusts.
    [ ! -r /etc/ssl/certs/ca-certificates.crt ] ||
        export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
    npm install --fetch-retries=2 --fetch-retry-maxtimeout=10000 --no-audit --no-fund --omit=dev --no-package-lock --ignore-scripts --prefix .venv/node >>$LOG 2>&1 ||
        fail "npm install failed; the end of $LOG says: $(tail -n 5 $LOG)"
}

# --- Python -------------------------------------------------------------------------------------------------------

# Asks the interpreter itself: version switchers put names on PATH that lead nowhere.
is_usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# First those that every pinned package has a wheel for.
find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        if is_usable $name; then
            command -v $name
            return
        fi
    done
    return 1
}

choose_python() {
    find_python && return
    command -v python3 >/dev/null || install_packages python3 python3-venv >&2 || true
    find_python || fail "Python 3.11 or later is needed; here is: $(python3 --version 2>&1 || echo none)." \
        "On Debian 12, Ubuntu 24.04 or later, please run: sudo apt-get install -y python3 python3-venv"
}

# Debian keeps ensurepip, without which no virtual environment gets its pip, in a package of its own.
need_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    install_packages "$package" || fail "$1 cannot make virtual environments, please run: sudo apt-get install -y $package"
}

make_venv() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && [ "$(cat .venv/.folder 2>/dev/null || pwd)" = "$(pwd)" ] && return
    python=$(choose_python)
    need_venv_module "$python"
    say "Making .venv with $("$python" --version) ($python) ..."
    "$python" -m venv --clear .venv
    pwd >.venv/.folder
}

pip() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@" >>$LOG 2>&1 ||
        fail "pip $1 failed; the end of $LOG says: $(tail -n 5 $LOG)"
}

install_python_packages() {
    : >$LOG
    say "Installing $(cat "$@" | grep -c '==') Python packages into .venv, about a minute the first time ..."
    # shellcheck disable=SC2046 # two words per file
    pip install --no-deps --require-hashes $(printf -- '--requirement %s ' "$@")
    pip install --no-deps --no-build-isolation --editable .
}

# --- what to do ---------------------------------------------------------------------------------------------------

set_up() {
    make_venv
    case $1 in
    dev)
        # What lint installs has all of it.
        is_done lint || install_python_packages requirements/runtime.lock requirements/build.lock
        set_up_redis
        mark_done dev
        ;;
    lint)
        install_python_packages requirements/dev.lock requirements/build.lock
        mark_done lint
        ;;
    test)
        is_done lint || set_up lint
        set_up_servers
        mark_done dev test
        ;;
    *) fail "no such set-up: $1" ;;
    esac
}

# Two at once would install into each other's folder: the second waits, and then finds it done.
alone() {
    command -v flock >/dev/null || return 0
    exec 9<scripts/setup.sh
    flock 9
}

STAMP=$(stamp_of_now)
is_done "$WHAT" && exit
alone
is_done "$WHAT" || set_up "$WHAT"
