#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to a running demo, or to a passed test run.
#   ./bootstrap.sh build   what building needs, then the program: build/bingo-top
#   ./bootstrap.sh demo    the same, then the demo on the screen
#   ./bootstrap.sh check   what testing needs as well, Go toolchains, then all tests
# Asks nothing; what is there already is neither installed nor downloaded again.
set -eu
cd "$(dirname "$0")"

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		die "installing packages needs root, and there is no sudo; run as root: $*"
	fi
}

# --- what is wanted, by the names of each package manager ---

apt_build="gcc libc6-dev make pkg-config libncurses-dev libuv1-dev libpcre2-dev libelf-dev libdw-dev libzstd-dev zlib1g-dev libutf8proc-dev ncurses-base"
apt_check="git ca-certificates libcmocka-dev clang llvm clang-format clang-tidy cppcheck shellcheck tmux libvterm-dev binutils file jq man-db"
dnf_build="gcc make pkgconf-pkg-config ncurses-devel libuv-devel pcre2-devel elfutils-libelf-devel elfutils-devel libzstd-devel zlib-devel utf8proc-devel"
dnf_check="git libcmocka-devel clang compiler-rt clang-tools-extra cppcheck ShellCheck tmux libvterm-devel binutils file jq"
apk_build="gcc musl-dev make pkgconf ncurses-dev libuv-dev pcre2-dev elfutils-dev zstd-dev zlib-dev utf8proc-dev"
apk_check="git cmocka-dev clang compiler-rt clang-extra-tools cppcheck shellcheck tmux libvterm-dev binutils file jq"

# clang's sanitizer runtime has the version in its name where it is a package of its own
apt_compiler_rt() {
	if apt-cache show libclang-rt-dev >/dev/null 2>&1; then
		echo libclang-rt-dev
	else
		apt-cache depends clang 2>/dev/null |
			sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1
	fi
}

apt_missing() {
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"
	done
}

install_apt() {
	missing=$(apt_missing "$@")
	[ -n "$missing" ] || return 0
	say "installing:" $missing
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 install $missing >/dev/null
}

install_check_apt() {
	install_apt $apt_check
	have clang || return 0
	# the fuzzers need it; a distribution without it has them skipped
	echo 'int LLVMFuzzerTestOneInput(void){return 0;}' >"${TMPDIR:-/tmp}/bingo-rt.$$.c"
	if ! clang -w -fsanitize=fuzzer,address "${TMPDIR:-/tmp}/bingo-rt.$$.c" \
		-o "${TMPDIR:-/tmp}/bingo-rt.$$" 2>/dev/null; then
		rt=$(apt_compiler_rt)
		[ -z "$rt" ] || install_apt "$rt"
	fi
	rm -f "${TMPDIR:-/tmp}/bingo-rt.$$" "${TMPDIR:-/tmp}/bingo-rt.$$.c"
}

install_dnf() {
	missing=$(for p in "$@"; do rpm -q --whatprovides "$p" >/dev/null 2>&1 || echo "$p"; done)
	[ -z "$missing" ] || as_root dnf -y -q install $missing
}

install_apk() {
	missing=$(for p in "$@"; do apk info -e "$p" >/dev/null 2>&1 || echo "$p"; done)
	[ -z "$missing" ] || as_root apk add -q $missing
}

install_for() { # build | check
	if have apt-get && have dpkg-query; then
		install_apt $apt_build
		if [ "$1" = check ]; then install_check_apt; fi
	elif have dnf; then
		install_dnf $dnf_build
		if [ "$1" = check ]; then install_dnf $dnf_check; fi
	elif have apk; then
		install_apk $apk_build
		if [ "$1" = check ]; then install_apk $apk_check; fi
	elif ! have make || ! have pkg-config; then
		die "no apt, dnf or apk here; install a C compiler, make, pkg-config and the development files of ncurses (wide), libuv, pcre2, elfutils (libelf, libdw), zstd, zlib and utf8proc, then run this again"
	fi
}

build() {
	make -j"$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
}

utf8_locale() {
	case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
	*UTF-8 | *utf8) return 0 ;;
	esac
	LC_ALL=C.UTF-8
	export LC_ALL
}

demo() {
	utf8_locale
	[ -n "${TERM:-}" ] || TERM=xterm
	infocmp "$TERM" >/dev/null 2>&1 || TERM=xterm
	export TERM
	exec build/bingo-top --replay tests/data/demo.trace \
		--substitute-path /src/shop="$PWD/tests/targets/demo"
}

case "${1:-}" in
build)
	install_for build
	build
	;;
demo)
	install_for build
	build
	demo
	;;
check)
	install_for check
	build
	tests/toolchains.sh || say "no Go toolchains could be fetched; what needs them is skipped"
	make -j"$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" tests
	exec make check
	;;
*)
	echo "usage: ./bootstrap.sh demo | check | build" >&2
	exit 2
	;;
esac
