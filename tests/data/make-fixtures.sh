#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the traces that the tests need where no Go is at hand: make-fixtures.sh [-s | VERSION...]
#
#   traces/goVERSION-NAME.trace      recorded by tests/targets/trace_NAME with that version
#   traces/goVERSION-NAME.events.gz  what Go's newest reader sees in it (tests/oracle/README.md)
#   synth/NAME.trace                 made by hand, of synth.txt; synth/VERDICTS: Go's verdict on each
#
# -s makes synth only; VERSIONs only those traces anew. Toolchains that are not there are fetched.
set -eu

data=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$data")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

FIXTURES="
1.19 before locks user cpu cgo timers gc
1.21 net syscall pipeline cgo twice
1.22 locks user syscall cgo
1.23 coro timers alloc before
1.24 locks
1.25 flight net
1.26 before user twice
1.27 cpu cgo syscall pipeline"

oracle=${BUILD:-$tests/../build}/oracle/oracle
"$tests/oracle/build.sh" "$(dirname "$oracle")"

make_synth()
{
	mkdir -p "$data/synth"
	rm -f "$data"/synth/*.trace
	"$oracle" assemble "$data/synth.txt" "$data/synth"
	for f in "$data"/synth/*.trace; do
		echo "$(basename "$f" .trace) $("$oracle" verdict "$f")"
	done >"$data/synth/VERDICTS"
}

# build VERSION GO NAME...: programs whose recorded paths say nothing of this machine
build()
{
	v=$1 go=$2
	shift 2
	mod=$tmp/src-$v
	for n; do
		mkdir -p "$mod/$n"
		cp "$tests/targets/trace_$n/main.go" "$mod/$n/"
	done
	printf 'module src\n\ngo %s\n' "$v" >"$mod/go.mod"
	paths="$mod=>/src;$("$go" env GOROOT)=>/usr/lib/go-$v"
	mkdir "$mod/bin"
	for n; do
		cgo=0
		[ "$n" != cgo ] || cgo=1
		(cd "$mod" && CGO_ENABLED=$cgo "$go" build -o "bin/$n" -gcflags="all=-trimpath=$paths" \
			-asmflags="all=-trimpath=$paths" "./$n")
	done
}

record()
{
	v=$1 n=$2
	out=$data/traces/go$v-$n
	debug=
	[ "$n" != alloc ] || debug=traceallocfree=1
	GODEBUG=$debug "$tmp/src-$v/bin/$n" "$out.trace"
	if grep -q -F -e "$tmp" -e "$goroot" "$out.trace"; then
		echo "make-fixtures.sh: go$v-$n.trace names paths of this machine" >&2
		exit 1
	fi
	"$oracle" events "$out.trace" | gzip -9n >"$out.events.gz"
}

make_synth
[ "${1:-}" != -s ] || exit 0
export GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off GOPROXY=off GOCACHE="$tmp/cache"
mkdir -p "$data/traces"
echo "$FIXTURES" | while read -r v names; do
	[ -n "$v" ] || continue
	case " ${*:-$v} " in *" $v "*) ;; *) continue ;; esac
	rm -f "$data/traces/go$v"-*
	go=$("$tests/toolchains.sh" "$v" | cut -d' ' -f2)
	goroot=$("$go" env GOROOT)
	# shellcheck disable=SC2086
	build "$v" "$go" $names
	for n in $names; do
		record "$v" "$n"
	done
done
du -sh "$data/traces" "$data/synth"
