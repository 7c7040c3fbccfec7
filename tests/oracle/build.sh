#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the oracle: a program around the trace reader of the newest Go toolchain at hand.
#
#   tests/oracle/build.sh OUTDIR [GO]
#
# Go's reader is internal to Go, so its sources are copied out of GOROOT into a module that is made
# here for the moment; nothing of Go's is kept in this tree. Leaves in OUTDIR:
#
#   oracle              the program; "oracle help" lists what it does
#   conformance/*.trace Go's conformance tests, each with NAME.expect beside it
#   v1/*.trace          the traces of Go 1.11 to 1.21 that Go's reader is tested with
#   fuzz/*              Go's fuzzing corpus for its reader, as plain files
#
# Does nothing where all this is newer than the sources.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: build.sh OUTDIR [GO]" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
go=${2:-}

newest_go()
{
	"$here/../toolchains.sh" --list | while read -r _ bin; do
		echo "$("$bin" env GOVERSION | sed 's/^go//') $bin"
	done | sort -t. -k1,1n -k2,2n -k3,3n | tail -n 1 | cut -d' ' -f2
}

export GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off GOPROXY=off GOSUMDB=off
export GOCACHE="${GOCACHE:-$out/.gocache}"
[ -n "$go" ] || go=$(newest_go)
[ -n "$go" ] || { echo "build.sh: no Go toolchain; tests/toolchains.sh fetches some" >&2; exit 1; }
goroot=$("$go" env GOROOT)
src=$goroot/src/internal
if [ ! -f "$src/trace/tracev2/events.go" ]; then
	echo "build.sh: $("$go" version) is too old: its sources lack internal/trace/tracev2 (Go 1.25 or later has it)" >&2
	exit 1
fi

stamp="$("$go" version) $(cat "$here"/*.go "$here"/*.in "$0" | cksum)"
if [ -x "$out/oracle" ] && [ "$(cat "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi

mod=$(mktemp -d)
trap 'rm -rf "$mod"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$mod/internal"
printf 'module oracle.test\n\ngo %s\n' "$("$go" env GOVERSION | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')" >"$mod/go.mod"
cp "$here"/*.go "$mod/"
(cd "$src" && find trace txtar -name '*.go' ! -name '*_test.go' ! -path '*/testdata/*' \
	! -path '*/traceviewer/*' ! -path '*/testgen/*' ! -path '*/testtrace/helpers.go') |
	while read -r f; do
		mkdir -p "$mod/internal/$(dirname "$f")"
		sed -e 's,"internal/trace,"oracle.test/internal/trace,' \
			-e 's,"internal/txtar,"oracle.test/internal/txtar,' "$src/$f" >"$mod/internal/$f"
	done

# Keep each event's own time, before Go makes it later than the one before it.
cp "$here/hook.go.in" "$mod/internal/trace/hook.go"
for f in reader tracev1; do
	sed 's/^\([[:space:]]*\)if \(ev*\)\.base\.time <= \(r\|it\)\.lastTs {/\1rawTime = \2.base.time\n&/' \
		"$mod/internal/trace/$f.go" >"$mod/new.go"
	mv "$mod/new.go" "$mod/internal/trace/$f.go"
done

(cd "$mod" && "$go" build -o "$out/oracle" .)

rm -rf "$out/conformance" "$out/v1" "$out/fuzz"
mkdir -p "$out/conformance" "$out/v1" "$out/fuzz"
for f in "$src"/trace/testdata/tests/*.test; do
	[ -f "$f" ] && "$out/oracle" convert "$f" "$out/conformance/$(basename "$f" .test).trace"
done
for f in "$src"/trace/internal/tracev1/testdata/*_good; do
	[ -f "$f" ] && cp "$f" "$out/v1/$(basename "$f").trace"
done
for f in "$src"/trace/testdata/fuzz/*/* "$src"/trace/internal/tracev1/testdata/fuzz/*/*; do
	[ -f "$f" ] && "$out/oracle" unfuzz "$f" "$out/fuzz/$(basename "$f")"
done
echo "$stamp" >"$out/.stamp"
