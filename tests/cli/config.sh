#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configuration files as they are found, what goes before what, the plain mode from a pipe, completions.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
bingo=$BUILD/bingo-top
demo=tests/data/demo.trace
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
XDG_CONFIG_HOME=$tmp/home XDG_CONFIG_DIRS=$tmp/none:$tmp/sys1:$tmp/sys2 XDG_STATE_HOME=$tmp/state
export XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_STATE_HOME
unset COLORFGBG NO_COLOR ACCESSIBLE
mkdir -p "$tmp/home/bingo-top" "$tmp/sys1/bingo-top" "$tmp/sys2/bingo-top"

# settings ARGUMENT...: what the list of settings says of some of them
settings() {
	printf 'key o\nsave-screen -\n' >"$tmp/script"
	"$bingo" --replay "$demo" --script "$tmp/script" --size 80x50 "$@" 2>&1 </dev/null |
		sed -n 's/^[^a-z]*\(theme\|refresh\|long-wait\|ascii\|sort\|substitute-path\|system\) *\([^ ]*\).*/\1=\2/p' | tr '\n' ' '
}
defaults="theme=auto ascii=no refresh=50 sort=count system=no long-wait=10 substitute-path=- "

is "without a file" "$(settings)" "$defaults"
"$bingo" --print-config >"$tmp/all"
is "--print-config is a file" "$(settings --config "$tmp/all")" "$defaults"
printf '[screen]\ntheme = light\nrefresh = 70\n[list]\nsort = id\n' >"$tmp/sys1/bingo-top/config"
printf '[screen]\nrefresh = 99\n' >"$tmp/sys2/bingo-top/config"
is "the system's, the first that is there" "$(settings)" \
	"theme=light ascii=no refresh=70 sort=id system=no long-wait=10 substitute-path=- "
printf '[screen]\ntheme = mono\n[list]\nlong-wait = 0.5\n[source]\nsubstitute-path = /c=/d\n' >"$tmp/home/bingo-top/config"
is "the user's over it" "$(settings)" \
	"theme=mono ascii=no refresh=70 sort=id system=no long-wait=0.5 substitute-path=/c=/d "
is "the command line over that" "$(settings --theme dark --ascii --system)" \
	"theme=dark ascii=yes refresh=70 sort=id system=yes long-wait=0.5 substitute-path=/c=/d "
printf '[screen]\nrefresh = 33\n' >"$tmp/own"
is "--config, and no other" "$(settings --config "$tmp/own")" \
	"theme=auto ascii=no refresh=33 sort=count system=no long-wait=10 substitute-path=- "
is "no home at all" "$(unset HOME XDG_CONFIG_HOME && settings)" \
	"theme=light ascii=no refresh=70 sort=id system=no long-wait=10 substitute-path=- "

# refused NAME WANTED ARGUMENT...: exit code 2, one sentence
refused() {
	name=$1
	want=$2
	shift 2
	"$bingo" --replay "$demo" --once "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	is "$name: exit code" "$?" 2
	is "$name: said" "$(cat "$tmp/err")" "bingo-top: $want"
	is "$name: no report" "$(wc -c <"$tmp/out" | tr -d ' ')" 0
}
printf '[list]\n\nsort = size\n' >"$tmp/bad"
refused "a bad value" "$tmp/bad, line 3: sort takes one of count id state wait on where switches, not 'size'" --config "$tmp/bad"
printf '[keys]\nsort = x\nfollow = x\n' >"$tmp/bad"
refused "a key twice" "$tmp/bad, line 3: the key x is given to both follow and sort" --config "$tmp/bad"
cp "$tmp/bad" "$tmp/sys1/bingo-top/config"
refused "in the system's file" "$tmp/sys1/bingo-top/config, line 3: the key x is given to both follow and sort"
rm "$tmp/sys1/bingo-top/config"
refused "a file that is not there" "cannot read the configuration $tmp/none: No such file or directory" --config "$tmp/none"
refused "a folder" "cannot read the configuration $tmp" --config "$tmp"
refused "a theme that is not there" "theme: there is none named 'pink'; there are auto, dark, light, high-contrast, mono, and each [theme NAME] of the file" --theme pink
head -c 3000000 /dev/zero | tr '\0' '#' | fold -w 100 >"$tmp/bad"
refused "a file without an end" "$tmp/bad, line 10382: the file is larger than 1 MiB" --config "$tmp/bad"
if [ "$(id -u)" != 0 ]; then
	chmod 0 "$tmp/home/bingo-top/config"
	is "one that may not be read" "$(settings)" "$defaults"
	chmod 600 "$tmp/home/bingo-top/config"
else
	skip "one that may not be read" "root may read everything"
fi
rm "$tmp/home/bingo-top/config"

# A save in a script goes to the file that --config names, and to no other.
printf 'set ascii yes\nsave\nfilter mutex\nsave-filter locks\n' >"$tmp/script"
printf '# mine\n' >"$tmp/own"
"$bingo" --replay "$demo" --script "$tmp/script" --config "$tmp/own" </dev/null >"$tmp/out" 2>&1
is "save: exit code" "$?" 0
is "save: the file" "$(cat "$tmp/own")" "# mine

[screen]
ascii = yes

[filters]
locks = mutex"
is "save: no other" "$(find "$tmp/home/bingo-top" "$tmp/state" -type f 2>/dev/null)" ""

# The plain mode from a pipe and from a file.
printf 'filter mutex|rwmutex\n1\nback\nset refresh 77\nsave\nquit\n? zoom\n' >"$tmp/lines"
"$bingo" --plain --replay "$demo" <"$tmp/lines" >"$tmp/plain" 2>"$tmp/err"
is "plain: exit code" "$?/$(wc -c <"$tmp/err" | tr -d ' ')" 0/0
is "plain: the state" "$(grep -c '^168 goroutines: 2 running, 1 runnable, 165 blocked, 0 in system calls\.$' "$tmp/plain")" 3
is "plain: the groups" "$(grep -c '^[0-9]*\. 137 goroutines blocked on chan-send, up to 3\.4s, at main\.go:156 main\.(\*Mailer)\.send$' "$tmp/plain")" 1
is "plain: the filter" "$(grep -c '^Filter mutex|rwmutex: 5 of them pass\.$' "$tmp/plain")" 2
is "plain: a number opens a finding" "$(grep -c '^Next step: ' "$tmp/plain")" 1
is "plain: saved, and where" "$(grep -c "1 change saved to $tmp/home/bingo-top/config\\.$" "$tmp/plain")" 1
is "plain: the file" "$(cat "$tmp/home/bingo-top/config")" "[screen]
refresh = 77"
is "plain: nothing after quit" "$(grep -c 'zoom' "$tmp/plain")" 0
is "plain: no control character" "$(LC_ALL=C tr -d '\12\40-\176\200-\377' <"$tmp/plain" | wc -c | tr -d ' ')" 0
cat "$tmp/lines" | "$bingo" --plain --replay "$demo" >"$tmp/piped"
same "plain: the same from a pipe" "$tmp/piped" "$tmp/plain"
"$bingo" --plain --replay "$demo" </dev/null >"$tmp/none" 2>&1
is "plain: with no input it tells the state and ends" "$?/$(grep -c '^Type a number' "$tmp/none")" 0/1
"$bingo" --plain --replay "$tmp/nothing" </dev/null >"$tmp/none" 2>&1
is "plain: a file that is not there" "$?/$(grep -c '^bingo-top: ' "$tmp/none")" 5/1
head -c 100000 /dev/zero | tr '\0' 'x' | "$bingo" --plain --replay "$demo" >"$tmp/long" 2>&1
is "plain: a line without an end" "$?" 0
is "plain: with reports, a report" "$("$bingo" --plain --once --replay "$demo" | grep -c '^goroutines 168 ')" 1
is "ACCESSIBLE=1 in a pipe: a report" "$(ACCESSIBLE=1 "$bingo" --replay "$demo" | grep -c '^goroutines 168 ')" 1
is "plain: --fail-on" "$("$bingo" --plain --fail-on warning --replay "$demo" </dev/null >/dev/null; echo $?)" 1

# Completions do what they say.
if command -v bash >/dev/null 2>&1; then
	cat >"$tmp/complete" <<-'END'
		. completions/bingo-top.bash
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_bingo_top
		printf '%s\n' "${COMPREPLY[@]}"
	END
	replies() { bash "$tmp/complete" bingo-top "$@" 2>&1 | sort | tr '\n' ' '; }
	is "bash: options" "$(replies --co)" "--color --completions --config "
	is "bash: words" "$(replies --color a)" "always auto "
	is "bash: words after =" "$(replies --fail-on = w)" "warning "
	is "bash: files" "$(replies --replay tests/data/demo.tr)" "tests/data/demo.trace "
	is "bash: processes" "$(replies "$$" | grep -c -w "$$")" 1
	is "bash: doctor" "$(replies doc)" "doctor "
	is "bash: commands" "$(replies -- printf | grep -c -w printf)" 1
	is "bash: nothing where nothing is known" "$(replies --filter x)" " "
	# what is offered is taken
	sed -n 's/^\t\(-[^)*]*\)) .*compgen -W .\([^'\'']*\).*/\1 \2/p' completions/bingo-top.bash | sed 's/^[^ ]*|//' >"$tmp/offers"
	is "bash: some options have words" "$(grep -c . "$tmp/offers" | sed 's/^[3-9]$/some/')" some
	is "bash: all words are taken" "$(while read -r opt words; do
		for w in $words; do
			"$bingo" "$opt" "$w" --replay "$demo" --once >/dev/null 2>&1
			[ $? -lt 2 ] || echo "$opt $w" # a finding is 1
		done
	done <"$tmp/offers")" ""
else
	skip "bash completion" "bash is not here"
fi
for shell in zsh fish; do
	if command -v "$shell" >/dev/null 2>&1; then
		"$bingo" --completions "$shell" >"$tmp/completions"
		check "$shell reads its completions" "$shell" -n "$tmp/completions"
	else
		skip "$shell reads its completions" "$shell is not here"
	fi
done
"$bingo" --completions csh >"$tmp/out" 2>"$tmp/err"
is "completions of no such shell" "$?/$(grep -c '^bingo-top: ' "$tmp/err")" 2/1
finish
