#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to a running demo, or to a passed test run.
#
#   ./bootstrap.sh build   installs what building needs, then builds build/bingo-top
#   ./bootstrap.sh demo    the same, then shows the demo
#   ./bootstrap.sh check   what testing needs as well, Go toolchains, then every test
#
# Asks nothing. What is there is not installed again, and then nothing is downloaded either.
set -eu
cd "$(dirname "$0")"

say() { printf 'bootstrap: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Packages, by the names that each system has for them. What is "wanted" is left out where the
# system does not have it; the tests that need it then say that they are skipped.
apt_build="gcc libc6-dev make pkg-config libncurses-dev libuv1-dev libpcre2-dev libelf-dev libdw-dev
	libzstd-dev zlib1g-dev libjansson-dev libinih-dev libutf8proc-dev ncurses-base"
apt_check="libcmocka-dev libvterm-dev"
apt_optional="clang bpftool libbpf-dev libcap-dev libseccomp-dev libcapstone-dev
	libdeflate-dev libbz2-dev"
apt_wanted="$apt_optional dpkg-dev debhelper lintian git ca-certificates llvm clang-format clang-tidy cppcheck shellcheck tmux valgrind binutils
	file jq man-db procps protobuf-compiler libxml2-utils graphviz chromium zsh fish"
dnf_build="gcc make pkgconf-pkg-config ncurses-devel libuv-devel pcre2-devel elfutils-libelf-devel
	elfutils-devel libzstd-devel zlib-devel jansson-devel inih-devel utf8proc-devel ncurses-base"
dnf_check="libcmocka-devel libvterm-devel diffutils findutils"
dnf_optional="clang bpftool libbpf-devel libcap-devel libseccomp-devel capstone-devel
	libdeflate-devel"
dnf_wanted="$dnf_optional git compiler-rt llvm clang-tools-extra cppcheck ShellCheck tmux valgrind binutils file jq
	man-db procps-ng protobuf-compiler libxml2 graphviz chromium-headless"
apk_build="gcc musl-dev linux-headers make pkgconf ncurses-dev libuv-dev pcre2-dev elfutils-dev
	zstd-dev zlib-dev jansson-dev inih-dev utf8proc-dev ncurses-terminfo-base"
apk_check="cmocka-dev libvterm-dev coreutils diffutils"
apk_optional="clang bpftool libbpf-dev libcap-dev libseccomp-dev capstone-dev
	libdeflate-dev"
apk_wanted="$apk_optional git compiler-rt llvm clang-extra-tools cppcheck shellcheck tmux valgrind binutils file jq
	mandoc procps-ng protobuf libxml2-utils graphviz chromium"
needed="a C compiler, make, pkg-config and the development files of ncurses (wide), libuv, PCRE2, \
elfutils (libelf and libdw), zstd, zlib, Jansson, inih and utf8proc; for the tests also cmocka and libvterm"

# How commands are run as root; found before the first of them, since their output is kept back.
sudo=
need_root()
{
	if [ "$(id -u)" = 0 ]; then
		sudo=
	elif ! have sudo; then
		die "installing packages needs root, and there is no sudo; as root it is: $0 $word"
	elif [ -t 0 ]; then
		sudo="sudo"
	else
		sudo="sudo -n"
	fi
}

# Quietly; all that was said, where it fails.
log=
cleanup() { [ -z "$log" ] || rm -f "$log"; }
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
run_as_root()
{
	[ -n "$log" ] || log=$(mktemp)
	# shellcheck disable=SC2086
	$sudo "$@" >"$log" 2>&1 </dev/null && return 0
	cat "$log" >&2
	return 1
}

# A new machine's own timers may hold apt's locks for a while.
aptget()
{
	run_as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		APT_LISTCHANGES_FRONTEND=none apt-get -q -y -o DPkg::Lock::Timeout=600 \
		-o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}

apt_missing()
{
	for p; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) echo "$p" ;;
		esac
	done
}

apt_known()
{
	for p; do
		if apt-cache policy "$p" 2>/dev/null | grep -q 'Candidate: [^(]'; then
			echo "$p"
		else
			say "this system has no package $p; what needs it is left out"
		fi
	done
}

apt_updated=
apt_update()
{
	[ -z "$apt_updated" ] || return 0
	until aptget update; do
		if ! grep -q -i 'unable to lock\|not get lock' "$log" || [ "${tries:=0}" -ge 60 ]; then
			say "not every package list could be read; going on with what there is"
			break
		fi
		tries=$((tries + 1))
		sleep 5
	done
	apt_updated=yes
}

# install_apt "NEEDED" "WANTED"
# shellcheck disable=SC2086,SC2046
install_apt()
{
	missing=$(apt_missing $1)
	wanted=$(apt_missing $2)
	# what could not be had the last time is not asked for again
	if [ -f build/bootstrap.none ]; then
		wanted=$(echo "$wanted" | grep -vxF -f build/bootstrap.none) || :
	fi
	[ -n "$missing$wanted" ] || return 0
	need_root
	apt_update
	known=$(apt_known $wanted)
	set -- $missing $known
	if [ $# -gt 0 ]; then
		say "installing" "$@"
		aptget install --no-install-recommends "$@" || die "apt-get could not install these packages"
	fi
	mkdir -p build
	apt_missing $wanted >>build/bootstrap.none
}

# libFuzzer and the sanitizers of clang are a package of their own, with clang's version in its name.
# shellcheck disable=SC2086
install_apt_clang_rt()
{
	have clang || return 0
	! tests/lib/can-fuzz.sh clang || return 0
	version=$(clang -dumpversion | cut -d. -f1)
	install_apt "" "libclang-rt-$version-dev libclang-common-$version-dev"
}

# shellcheck disable=SC2086
install_dnf()
{
	missing=$(for p in $1; do rpm -q --whatprovides "$p" >/dev/null 2>&1 || echo "$p"; done)
	wanted=$(for p in $2; do rpm -q --whatprovides "$p" >/dev/null 2>&1 || echo "$p"; done)
	[ -n "$missing$wanted" ] || return 0
	need_root
	say "installing" $missing $wanted
	[ -z "$missing" ] || run_as_root dnf -y -q install $missing || die "dnf could not install these packages"
	[ -z "$wanted" ] || run_as_root dnf -y -q install --skip-unavailable $wanted ||
		run_as_root dnf -y -q install --setopt=strict=0 $wanted || :
}

# shellcheck disable=SC2086
install_apk()
{
	missing=$(for p in $1; do apk info -e "$p" >/dev/null 2>&1 || echo "$p"; done)
	wanted=$(for p in $2; do apk info -e "$p" >/dev/null 2>&1 || echo "$p"; done)
	[ -n "$missing$wanted" ] || return 0
	need_root
	say "installing" $missing $wanted
	[ -z "$missing" ] || run_as_root apk add -q $missing || die "apk could not install these packages"
	for p in $wanted; do
		run_as_root apk add -q "$p" || :
	done
}

# Of another system only this is asked: that the compiler, make and the libraries are there.
install_nothing()
{
	if ! have make || ! have pkg-config || ! have cc ||
		! pkg-config --exists ncursesw panelw libuv libpcre2-8 libelf libdw libzstd zlib jansson inih libutf8proc; then
		die "no apt, dnf or apk here; install $needed, then run this again"
	fi
}

# The kernel's side (clang, bpftool, libbpf) and the dropping of rights are left out where they cannot
# be had without asking anybody.
# shellcheck disable=SC2086
try_optional() # INSTALL PACKAGES
{
	[ "$1" != install_apt ] || [ -n "$(apt_missing $2)" ] || return 0
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
		return 0
	fi
	("$1" "" "$2") || say "built without some of: $2"
}

install_for() # build | check
{
	if have apt-get && have dpkg-query; then
		case $1 in
		build)
			install_apt "$apt_build" ""
			try_optional install_apt "$apt_optional"
			;;
		check)
			install_apt "$apt_build $apt_check" "$apt_wanted"
			install_apt_clang_rt
			;;
		esac
	elif have dnf && have rpm; then
		case $1 in
		build)
			install_dnf "$dnf_build" ""
			try_optional install_dnf "$dnf_optional"
			;;
		check) install_dnf "$dnf_build $dnf_check" "$dnf_wanted" ;;
		esac
	elif have apk; then
		case $1 in
		build)
			install_apk "$apk_build" ""
			try_optional install_apk "$apk_optional"
			;;
		check) install_apk "$apk_build $apk_check" "$apk_wanted" ;;
		esac
	else
		install_nothing
	fi
}

cores() { getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null || echo 1; }

# A terminal that is said to be none, or one that this machine knows nothing of, gets what nearly
# every terminal understands; text in another encoding than UTF-8 becomes UTF-8 where there is a locale.
settle_terminal()
{
	if have infocmp && ! infocmp "${TERM:-}" >/dev/null 2>&1; then
		for TERM in xterm-256color xterm vt100; do
			! infocmp "$TERM" >/dev/null 2>&1 || break
		done
	fi
	TERM=${TERM:-xterm}
	export TERM
}

settle_locale()
{
	if have locale; then
		[ "$(locale charmap 2>/dev/null)" != UTF-8 ] || return 0
		utf8=$(locale -a 2>/dev/null | grep -i -m 1 -e '^C\.utf-\{0,1\}8$' -e 'utf-\{0,1\}8$') || return 0
		LC_ALL=$utf8
	else
		LC_ALL=C.UTF-8
	fi
	export LC_ALL
}

# The go command at hand, or one that an earlier check has fetched.
find_go()
{
	if have go; then
		command -v go
	else
		tests/toolchains.sh --list 2>/dev/null | tail -n 1 | cut -d' ' -f2-
	fi
}

# The demo's program itself, watched while it runs. 3: it cannot be watched here.
demo_live()
{
	go=$(find_go) && [ -n "$go" ] || return 3
	GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off CGO_ENABLED=0 \
		"$go" build -o build/demo tests/targets/demo/main.go >/dev/null 2>&1 || return 3
	build/bingo-top -- build/demo -trace '' -for 1h
}

demo()
{
	settle_terminal
	settle_locale
	cleanup
	rc=0
	demo_live || rc=$?
	[ $rc = 3 ] || exit $rc
	exec build/bingo-top --replay tests/data/demo.trace \
		--substitute-path "/src/shop=$PWD/tests/targets/demo"
}

word=${1:-}
case $word in
build)
	install_for build
	make -j"$(cores)"
	;;
demo)
	install_for build
	make -j"$(cores)"
	demo
	;;
check)
	install_for check
	tests/toolchains.sh all >/dev/null || say "not every Go toolchain could be had; what needs them is skipped"
	make -j"$(cores)" tests
	exec make -j"$(cores)" check
	;;
*)
	echo "usage: ./bootstrap.sh demo | check | build" >&2
	exit 2
	;;
esac
