#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Where uprobes go: found in every toolchain's programs, with and without symbols; as PIE, for which all of Go's
# library is compiled anew, in those of the oldest, a middle one and the newest; where go tool objdump shows the stack
# check's branch and the call of casgstatus; and what probes there count is what the program did.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
SITES=$(cd "$BUILD" && pwd)/tests/live/probe_sites
EVENTS=11

# What objdump shows: the first branch "below or same" of each function, newproc1's second call of casgstatus,
# newproc.func1's call of runqput.
by_objdump() # GO BINARY
{
	"$1" tool objdump -s '^(runtime\.(newproc1|newproc\.func1|execute|gopark|ready|gdestroy|goexit0|semacquire1|chansend|chanrecv|selectgo|closechan)|(internal/)?sync\.\(\*Mutex\)\.lockSlow)$' "$2" |
	awk '
		function hex(s,	i, v) {
			v = 0
			for (i = 3; i <= length(s); i++)
				v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
			return v
		}
		/^TEXT/ { name = $2; sub(/\(SB\)$/, "", name); first = calls = found = 0; next }
		/^ / && !first { first = $2 }
		name == "runtime.newproc1" && /CALL runtime.casgstatus/ && ++calls == 2 {
			print name, "+" hex($2) - hex(first)
		}
		name == "runtime.newproc.func1" && /CALL runtime.runqput/ { print name, "+" hex($2) - hex(first) }
		name !~ /newproc/ && $4 ~ /^(JBE|JLS|BLS)$/ && !found++ {
			print name, "+" hex($2) - hex(first)
		}' | sort
}

# goexit0 is only for where there is no gdestroy; of newproc's two it is newproc1 from 1.24 on.
leave_one() # VERSION
{
	if grep -q gdestroy "$WORK/wanted"; then sed -i '/goexit0/d' "$WORK/wanted"; fi
	case $1 in
	1.19 | 1.2[0-3]) sed -i '/newproc1/d' "$WORK/wanted" ;;
	*) sed -i '/newproc\.func1/d' "$WORK/wanted" ;;
	esac
}

one() # VERSION GO
{
	plain=
	kinds='plain stripped'
	if grep -qxF "$1 $2" "$WORK/built_as_pie"; then kinds="$kinds pie"; fi
	for kind in $kinds; do
		name="Go $1 $kind"
		bin=$(live_build probes "$1" "$2" $kind) || { not_ok "$name builds" "$WORK/build.log"; return; }
		live_start sh -c "exec '$bin' <'$WORK/in'" || { not_ok "$name starts" "$WORK/err"; continue; }
		"$SITES" sites "$PID" >"$WORK/$kind"
		live_stop
		if [ "$(tail -1 "$WORK/$kind")" = "found $EVENTS amd64" ] &&
			[ "$(grep -c ' file$' "$WORK/$kind")" = $EVENTS ]; then
			ok "$name: $EVENTS sites"
		else
			not_ok "$name: $EVENTS sites" "$WORK/$kind"
		fi
		[ $kind != plain ] || plain=$bin
	done
	same "Go $1: the same in a stripped one" "$WORK/stripped" "$WORK/plain"
	by_objdump "$2" "$plain" >"$WORK/wanted"
	awk '/\+/ { print $2, $3 }' "$WORK/plain" | sort >"$WORK/got"
	leave_one "$1"
	same "Go $1: where go tool objdump shows them" "$WORK/got" "$WORK/wanted"
	"$SITES" count "$plain" 2000 >"$WORK/counts" 2>&1
	case $? in
	0) ok "Go $1: probes count what the program did" ;;
	77) skip "Go $1: probes count what the program did" "no uprobes here, or no right to them" ;;
	*) not_ok "Go $1: probes count what the program did" "$WORK/counts" ;;
	esac
}

# The other machine's code is looked at in the file.
arm64() # VERSION GO
{
	(
		cd tests/targets/probes || exit 1
		GOARCH=arm64 GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='' \
			"$2" build -o "$WORK/arm64" .
	) >"$WORK/build.log" 2>&1 || { not_ok "Go $1 for arm64 builds" "$WORK/build.log"; return; }
	"$SITES" file "$WORK/arm64" >"$WORK/sites"
	by_objdump "$2" "$WORK/arm64" >"$WORK/wanted"
	leave_one "$1"
	awk '/\+/ { print $2, $3 }' "$WORK/sites" | sort >"$WORK/got"
	is "Go $1 arm64: all sites" "$(tail -1 "$WORK/sites")" "found $EVENTS arm64"
	same "Go $1 arm64: where go tool objdump shows them" "$WORK/got" "$WORK/wanted"
}

[ "$(uname -m)" = x86_64 ] || { skip "probe sites" "the programs built here are amd64's"; finish; }
[ -n "$(live_go)" ] || { skip "probe sites" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
live_go | grep -e "${1:-.}" >"$WORK/toolchains"
# Open for both, so that the programs wait for what they are told.
mkfifo "$WORK/in"
exec 8<>"$WORK/in"
n=$(wc -l <"$WORK/toolchains")
sed -n "1p;$(((n + 1) / 2))p;\$p" "$WORK/toolchains" | sort -u >"$WORK/built_as_pie"
while read -r v go; do
	one "$v" "$go"
done <"$WORK/toolchains"
sed -n '1p;$p' "$WORK/toolchains" | sort -u >"$WORK/ends"
while read -r v go; do
	arm64 "$v" "$go"
	last=$v last_go=$go
done <"$WORK/ends"
# How much is won: told, not judged.
if cost=$(live_build probes "$last" "$last_go" plain) && cost=$("$SITES" cost "$cost" 5000); then
	ok "Go $last: $cost"
else
	skip "what a hit costs" "no uprobes here, or no right to them"
fi
finish
