#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# What is installed and packed: the files and no others, and that the program runs from there. Of the
# packages only what is linked is new; nothing is compiled. chroot needs root.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
trace=tests/data/demo.trace

have() { command -v "$1" >/dev/null 2>&1; }
mk() { make -s --no-print-directory BUILD="$BUILD" "$@" >"$tmp/log" 2>&1; }
files() { (cd "$1" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort); }
runs() # PROGRAM...: it says its version, and what is in a trace
{
	"$@" --version | grep -q "^bingo-top $(cat VERSION)" && "$@" --replay "$trace" --once | grep -q '^goroutines [1-9]'
}

# --- make install ---
cat >"$tmp/want" <<'LIST'
bin/bingo-top
share/bash-completion/completions/bingo-top
share/doc/bingo-top/README.md
share/fish/vendor_completions.d/bingo-top.fish
share/man/man1/bingo-top.1
share/man/man5/bingo-top.5
share/zsh/site-functions/_bingo-top
LIST
for page in docs/*.md; do echo "share/doc/bingo-top/$(basename "$page")"; done >>"$tmp/want"
LC_ALL=C sort -o "$tmp/want" "$tmp/want"
check "make install" mk DESTDIR="$tmp/root" PREFIX=/opt/x install
files "$tmp/root/opt/x" >"$tmp/got"
same "it installs these files" "$tmp/got" "$tmp/want"
is "and none elsewhere" "$(files "$tmp/root" | grep -cv '^opt/x/')" 0
is "all may read them, and run the program" \
	"$(find "$tmp/root" -type f ! -perm 644 -printf '%P %m\n')" "opt/x/bin/bingo-top 755"
check "the installed program runs" runs "$tmp/root/opt/x/bin/bingo-top"
completion=$tmp/root/opt/x/share/bash-completion/completions/bingo-top
# shellcheck disable=SC2016
is "the installed completion completes" \
	"$(bash -c '. "$1"; COMP_WORDS=(bingo-top --repl) COMP_CWORD=1; eval "$(complete -p bingo-top | sed "s/.*-F \([^ ]*\).*/\1/")"; echo "${COMPREPLY[@]}"' - "$completion" 2>&1)" --replay
if have man; then
	check "man finds the installed pages" sh -c 'MANPATH=$1 man -w 1 bingo-top && MANPATH=$1 man -w 5 bingo-top' - "$tmp/root/opt/x/share/man"
else
	skip "man finds the installed pages" "no man here"
fi
mk DESTDIR="$tmp/root" PREFIX=/opt/x uninstall
is "make uninstall leaves no file" "$(files "$tmp/root")" ""
is "nor a folder of its own" "$(find "$tmp/root" -name bingo-top)" ""

# --- the static program ---
empty=$tmp/empty
if ! mk static; then
	why=$(grep -o -m1 'cannot find -l[^:]*' "$tmp/log")
	if [ -n "$why" ]; then skip "static" "no archive of a library: $why"; else not_ok "make static" "$tmp/log"; fi
else
	is "the linker warns of nothing" "$(grep -v "^  LD " "$tmp/log")" ""
	is "the static program needs no library" "$(readelf -d "$BUILD/bingo-top-static" | grep NEEDED)" ""
	is "nor an interpreter" "$(readelf -l "$BUILD/bingo-top-static" | grep INTERP)" ""
	check "it is loaded anywhere, like the other" sh -c 'readelf -h "$1" | grep -q "Type: *DYN"' - "$BUILD/bingo-top-static"
	check "it runs" runs "$BUILD/bingo-top-static"
	is "it has in it what the other has" "$("$BUILD/bingo-top-static" --version)" "$("$BUILD/bingo-top" --version)"

	check "make tarball" mk tarball
	mkdir "$tmp/tar"
	check "the tarball is whole" tar -xzf "$(tail -n 1 "$tmp/log")" -C "$tmp/tar"
	is "it has one folder" "$(ls "$tmp/tar" | sed 's/-[0-9].*-linux/-VERSION-linux/')" "bingo-top-VERSION-linux-$(uname -m)"
	files "$tmp/tar/"* | grep -v -e '/terminfo/' -e '/licences/' >"$tmp/got"
	{ echo LICENSE; cat "$tmp/want"; } | LC_ALL=C sort >"$tmp/want.tar"
	same "it holds what make install installs" "$tmp/got" "$tmp/want.tar"
	if have dpkg-query; then
		is "licences of libraries are in it" "$(files "$tmp/tar/" | grep -c -e 'licences/libc6-dev$' -e 'licences/libdw-dev$' -e 'licences/libuv1-dev$')" 3
	else
		skip "licences of libraries" "no dpkg here"
	fi
	check "the terminal's description is in it" env TERMINFO="$(echo "$tmp/tar/"*/share/terminfo)" infocmp tmux-256color

	check "make image" mk image
	cp -a "$BUILD/image" "$empty"
	cp "$trace" "$empty/tmp/t"
	if [ "$(id -u)" != 0 ] || ! chroot "$empty" /usr/bin/bingo-top --version >/dev/null 2>&1; then
		skip "the image's files alone" "no right to chroot"
	else
		check "the program runs with the image's files alone" sh -c 'chroot "$1" /usr/bin/bingo-top --replay /tmp/t --once | grep -q "^goroutines [1-9]"' - "$empty"
		printf 'wait-loaded\nsave-screen /tmp/screen\nquit\n' >"$empty/tmp/script"
		LC_ALL=C.UTF-8 chroot "$empty" /usr/bin/bingo-top --replay /tmp/t --size 80x24 --script /tmp/script
		check "its screen has lines and signs" grep -q '▶.*chan-send' "$empty/tmp/screen"
		is "its doctor knows the terminal" "$(LC_ALL=C.UTF-8 TERM=tmux-256color chroot "$empty" /usr/bin/bingo-top doctor | grep -e '^[a-z]*  *terminal' -e locale | cut -d';' -f1 | tr -s ' ')" "ok terminal tmux-256color, 256 colours"
	fi
fi

# --- the Debian package ---
if ! have dpkg-buildpackage || ! have dh; then
	skip "make deb" "no dpkg-buildpackage or no debhelper here"
elif ! mk deb; then
	not_ok "make deb" "$tmp/log"
else
	ok "make deb"
	deb=$BUILD/$(basename "$(tail -n 1 "$tmp/log")")
	dpkg-deb -x "$deb" "$tmp/deb"
	files "$tmp/deb/usr" | sed 's/\.gz$//' | grep -v -e /copyright -e /changelog >"$tmp/got"
	same "the package holds what make install installs" "$tmp/got" "$tmp/want"
	check "its program runs" runs "$tmp/deb/usr/bin/bingo-top"
	is "it is of this release" "$(dpkg-deb -f "$deb" Version | sed 's/~.*//')" "$(cat VERSION)"
	is "it depends on the libraries that the program needs" \
		"$(dpkg-deb -f "$deb" Depends | grep -o -e libncursesw6 -e libuv1 -e libdw1 | sort -u | wc -l)" 3
	if have lintian; then
		lintian --allow-root --tag-display-limit 0 -I --pedantic "$deb" >"$tmp/lintian" 2>&1
		is "lintian has nothing to say" "$(cat "$tmp/lintian")" ""
	else
		skip "lintian has nothing to say" "not installed"
	fi
fi
finish
