# What the scripts share: `.ci/run`, `tools/wasm/check` and `tools/windows/run` source it.
# shellcheck shell=bash

run() {
    echo "+ $*" >&2
    "$@"
}

# The command, and the packages it comes in.
install_missing() {
    # A shell's own commands do not count.
    type -P "$1" >/dev/null || install "${@:2}"
}

install() {
    local sudo=
    command -v apt-get >/dev/null || fail "$1 is missing"
    [ "$(id -u)" = 0 ] || sudo=sudo
    export DEBIAN_FRONTEND=noninteractive
    run $sudo apt-get update -qq
    run $sudo apt-get install -y -qq --no-install-recommends "$@"
}

# Debian's compiler, which builds the standard library for a target that the toolchain has none for.
use_debians_compiler() {
    install_missing /usr/bin/rustc rustc-web
    [ -d /usr/lib/rustlib/src/rust/library/std ] || install rust-web-src
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
}

fail() {
    echo "$1" >&2
    exit 1
}
