# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For the scripts of packages, sourced from the root of the tree.

die()
{
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# Of the commit, where there is one: what is packed twice is the same twice.
commit_time()
{
	git log -1 --format=%ct 2>/dev/null || stat -c %Y VERSION
}

# terminfo_copy DIR: the entries of terminals that one meets, as far as this system knows them
terminfo_copy()
{
	for term in ansi dumb vt100 vt220 linux xterm xterm-color xterm-256color xterm-direct screen screen-256color \
		tmux tmux-256color rxvt rxvt-unicode rxvt-unicode-256color putty putty-256color konsole konsole-256color \
		vte vte-256color gnome gnome-256color alacritty xterm-kitty foot iterm2 mintty; do
		for dir in /etc/terminfo /lib/terminfo /usr/share/terminfo; do
			entry=$(printf %.1s "$term")/$term
			if [ -e "$dir/$entry" ]; then
				install -D -m 644 "$dir/$entry" "$1/$entry"
				break
			fi
		done
	done
	[ -e "$1/x/xterm-256color" ] || die "no terminfo here (Debian: ncurses-base)"
}

# The licences of what a static program holds, by the packages that its archives come from.
licences_copy()
{
	mkdir -p "$1"
	if ! command -v dpkg-query >/dev/null; then
		echo "no dpkg here: the licences of the libraries inside are not added" >&2
		return 0
	fi
	for lib in c gcc_eh ncursesw panelw tinfo uv_a pcre2-8 elf dw bz2 lzma zstd z jansson inih utf8proc bpf cap seccomp \
		capstone deflate; do
		file=$(${CC:-cc} -print-file-name="lib$lib.a")
		[ -e "$file" ] || continue
		package=$(dpkg-query -S "$(realpath "$file")" 2>/dev/null || dpkg-query -S "*/$(basename "$file")" 2>/dev/null) || continue
		package=$(printf '%s\n' "$package" | sed -n '1s/:.*//p')
		[ ! -r "/usr/share/doc/$package/copyright" ] || install -m 644 "/usr/share/doc/$package/copyright" "$1/$package"
	done
}
