#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records execution traces of the programs in tests/targets/trace_* with each Go toolchain at hand.
#
#   tests/record-traces.sh [-o DIR] [-m] [VERSION...]
#
# Writes DIR/VERSION-NAME.trace (default: $BUILD/traces, BUILD being "build" where it is not set)
# and skips those that exist. -m also records a million goroutines with the newest version. Then
# cuts some of them short in many places, as DIR/cut/VERSION-NAME-BYTES.trace.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${BUILD:-build}/traces
million=
while getopts o:m opt; do
	case $opt in
	o) dir=$OPTARG ;;
	m) million=1 ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
mkdir -p "$dir/cut"
dir=$(cd "$dir" && pwd)
export GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off GOPROXY=off GOSUMDB=off
export GOCACHE="${GOCACHE:-$dir/.gocache}"

QUICK="pipeline locks before net syscall gc timers cpu twice"
SLOW="user abrupt"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

say() { echo "record-traces.sh: $*" >&2; }

at_least() { [ "${1#1.}" -ge "${2#1.}" ]; }

# All programs of a version are built by one command, each in a folder of one module.
build_all()
{
	v=$1 go=$2
	mod=$tmp/$v
	mkdir -p "$mod/bin"
	for p in "$here"/targets/trace_*; do
		name=$(basename "$p")
		[ "$name" = trace_cgo ] && ! command -v "${CC:-gcc}" >/dev/null && continue
		[ "$name" = trace_flight ] && ! at_least "$v" 1.25 && continue
		[ "$name" = trace_coro ] && ! at_least "$v" 1.23 && continue
		cp -R "$p" "$mod/"
	done
	printf 'module bingo.test\n\ngo %s\n' "$v" >"$mod/go.mod"
	# C's own code needs cgo; the others are faster to build without.
	if [ -d "$mod/trace_cgo" ]; then
		(cd "$mod" && CGO_ENABLED=1 "$go" build -o bin/trace_cgo ./trace_cgo && rm -rf trace_cgo)
	fi
	(cd "$mod" && CGO_ENABLED=0 "$go" build -o bin/ ./...)
}

# record VERSION NAME PROGRAM [ARGUMENT...]: the trace's file name comes last.
record()
{
	v=$1 name=$2 prog=$tmp/$1/bin/$3
	out=$dir/$v-$name.trace
	shift 3
	[ -x "$prog" ] && [ ! -s "$out" ] || return 0
	if timeout 60 "$prog" "$@" "$out.new" 2>"$tmp/log"; then
		mv "$out.new" "$out"
	else
		say "$v $name failed: $(head -n 1 "$tmp/log")"
		rm -f "$out.new"
		return 1
	fi
}

record_version()
{
	v=$1
	waiting=
	for n in $SLOW; do
		record "$v" "$n" "trace_$n" & waiting="$waiting $!"
	done
	record "$v" flight trace_flight & waiting="$waiting $!"
	record "$v" coro trace_coro & waiting="$waiting $!"
	for n in $QUICK; do
		record "$v" "$n" "trace_$n"
	done
	record "$v" many trace_many -n 20000
	record "$v" cgo trace_cgo
	record "$v" small trace_big -size 300KB -parked 100 -o
	if at_least "$v" 1.23; then
		GODEBUG=traceallocfree=1 record "$v" alloc trace_alloc
	else
		record "$v" alloc trace_alloc
	fi
	for pid in $waiting; do
		wait "$pid"
	done
}

have_all()
{
	for n in $QUICK $SLOW many cgo small alloc; do
		[ -s "$dir/$1-$n.trace" ] || return 1
	done
}

# Cuts a trace at its first bytes, then at steps that grow.
cut_trace()
{
	in=$1
	size=$(wc -c <"$in")
	name=$(basename "$in" .trace)
	at=0 step=7
	while [ $at -lt "$size" ]; do
		out=$dir/cut/$name-$(printf '%07d' $at).trace
		[ -e "$out" ] || head -c $at "$in" >"$out"
		at=$((at + step))
		step=$((step + step / 2))
	done
	for back in 1 2 5 40; do
		at=$((size - back))
		out=$dir/cut/$name-$(printf '%07d' $at).trace
		[ -e "$out" ] || head -c $at "$in" >"$out"
	done
}

versions=$*
"$here/toolchains.sh" --list >"$tmp/list"
[ -n "$versions" ] || versions=$(sed -n 's/^\([0-9][^ ]*\) .*/\1/p' "$tmp/list")
[ -n "$versions" ] || { say "no Go toolchain; tests/toolchains.sh fetches some"; exit 1; }
failed=0
for v in $versions; do
	go=$(sed -n "s/^$v //p" "$tmp/list")
	[ -n "$go" ] || { say "Go $v is not there; tests/toolchains.sh $v fetches it"; failed=1; continue; }
	have_all "$v" || { build_all "$v" "$go" && record_version "$v"; } || failed=1
	for n in timers user; do
		[ ! -s "$dir/$v-$n.trace" ] || cut_trace "$dir/$v-$n.trace"
	done
	last=$v
done
if [ -n "$million" ] && [ -n "${last:-}" ] && [ ! -s "$dir/$last-million.trace" ]; then
	[ -x "$tmp/$last/bin/trace_many" ] || build_all "$last" "$(sed -n "s/^$last //p" "$tmp/list")"
	record "$last" million trace_many -n 1000000 || failed=1
fi
exit $failed
