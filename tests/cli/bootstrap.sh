#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bootstrap.sh on machines that are made up: its package managers are scripts that write down their calls.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
calls=$tmp/calls
tree=$tmp/tree
mkdir -p "$tree/tests/lib"
cp bootstrap.sh "$tree/"
cp tests/lib/can-fuzz.sh "$tree/tests/lib/"
printf '#!/bin/sh\necho toolchains "$@" >>%s\n' "$calls" >"$tree/tests/toolchains.sh"
chmod +x "$tree/tests/toolchains.sh"

# machine NAME PROGRAM...: a PATH with what every system has and the named programs, which only tell
# that they were called
machine()
{
	path=$tmp/$1
	rm -rf "$path"
	mkdir -p "$path"
	shift
	for p in sh dirname cat grep rm mkdir mktemp env cut sed tr printf echo sleep; do
		ln -sf "$(command -v $p)" "$path/$p" 2>/dev/null
	done
	for p; do
		fake "$p" 'exit 0'
	done
	fake id 'echo 0'
	fake getconf 'echo 2'
}

fake() # PROGRAM BODY
{
	rm -f "$path/$1"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\n[ %s = id ] || [ %s = getconf ] || echo "%s $*" >>%s\n%s\n' "$1" "$1" "$1" "$calls" "$2" >"$path/$1"
	chmod +x "$path/$1"
}

# boot WORD: runs it there with the shell $SH; what it said is in $tmp/said, its exit code in $rc
boot()
{
	: >"$calls"
	(cd / && PATH=$path "$shell" "$tree/bootstrap.sh" "$@" >"$tmp/said" 2>&1 </dev/null)
	rc=$?
}
called() { grep -c "^$1" "$calls"; }

trial()
{
	machine bare make
	rm "$path/make"
	boot build
	is "$label: a system of another kind: exit code" $rc 1
	is "$label: a system of another kind: one sentence" "$(grep -c 'no apt, dnf or apk here; install .*cmocka.*run this again' "$tmp/said") $(wc -l <"$tmp/said" | tr -d ' ')" "1 1"

	machine debian make apt-get apt-cache dpkg-query clang
	fake dpkg-query 'printf installed'
	boot build
	is "$label: all packages are there: exit code" $rc 0
	is "$label: all packages are there: apt is not called" "$(called apt-get) $(called make)" "0 1"

	fake dpkg-query 'case "$4" in libuv1-dev) printf not-installed ;; *) printf installed ;; esac'
	fake apt-cache 'echo "  Candidate: 1"'
	boot build
	is "$label: one is missing: lists are read once" "$(called 'apt-get.* update')" 1
	is "$label: one is missing: it alone is installed" "$(sed -n 's/.*--no-install-recommends //p' "$calls")" libuv1-dev
	is "$label: apt asks nothing" "$(grep -c '^apt-get.* -y ' "$calls")" 2

	fake id 'echo 1000'
	boot build
	is "$label: no root and no sudo: exit code" $rc 1
	is "$label: no root and no sudo: says so" "$(grep -c 'needs root, and there is no sudo' "$tmp/said")" 1
	fake sudo 'shift; exec "$@"'
	boot build
	is "$label: sudo is asked without a terminal: it must not ask back" "$rc $(called 'sudo -n')" "0 2"

	machine debian2 make apt-get apt-cache dpkg-query clang
	fake dpkg-query 'case "$4" in cppcheck) exit 1 ;; *) printf installed ;; esac'
	fake apt-cache 'echo "  Candidate: (none)"'
	boot check
	is "$label: a wanted package that is not to be had: goes on" "$rc $(called 'toolchains all') $(called 'make.*check')" "0 1 1"
	is "$label: a wanted package that is not to be had: says so" "$(grep -c 'no package cppcheck' "$tmp/said")" 1
	boot check
	is "$label: the second time it is not asked for" "$(called apt-get)" 0
	rm -f "$tree/build/bootstrap.none"

	machine debian3 make apt-get apt-cache dpkg-query
	fake dpkg-query 'exit 1'
	fake apt-get 'case "$*" in *install*) echo E: broken >&2; exit 100 ;; esac'
	boot build
	is "$label: apt fails: so does this, with apt's own words" "$rc $(grep -c 'E: broken' "$tmp/said") $(called make)" "1 1 0"

	machine fedora make dnf rpm
	fake rpm 'case "$*" in *libuv-devel) exit 1 ;; esac'
	boot build
	is "$label: dnf installs what is missing" "$rc $(grep '^dnf' "$calls")" "0 dnf -y -q install libuv-devel"
	fake rpm 'exit 0'
	boot build
	is "$label: dnf is not called twice" "$rc $(called dnf)" "0 0"

	machine alpine make apk
	fake apk 'case "$*" in "info -e libuv-dev") exit 1 ;; esac'
	boot build
	is "$label: apk installs what is missing" "$rc $(grep '^apk add' "$calls")" "0 apk add -q libuv-dev"

	boot
	is "$label: no word: usage" "$rc $(cat "$tmp/said")" "2 usage: ./bootstrap.sh demo | check | build"
}

printf '#!/bin/sh\nexec busybox ash "$@"\n' >"$tmp/ash"
chmod +x "$tmp/ash"
for label in sh dash "busybox ash"; do
	case $label in
	busybox*)
		if ! busybox ash -c : 2>/dev/null; then
			skip "$label" "no busybox here"
			continue
		fi
		shell=$tmp/ash
		sed -i "s,exec busybox,exec $(command -v busybox)," "$shell"
		;;
	*) shell=$(command -v $label) || { skip "$label" "it is not here"; continue; } ;;
	esac
	trial
done
finish
