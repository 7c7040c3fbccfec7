#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records tests/data/demo.trace anew, from tests/targets/demo: make-demo.sh [GO] (Go 1.27 or later).
# The recorded paths are /src/shop for the program and /usr/lib/go-1.NN for Go's own sources,
# whatever this machine's are.
set -eu

data=$(cd "$(dirname "$0")" && pwd)
go=${1:-$("$data/../toolchains.sh" 1.27 | cut -d' ' -f2)}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export GOTOOLCHAIN=local GOFLAGS='' GO111MODULE=on GOWORK=off GOPROXY=off CGO_ENABLED=0
export GOCACHE="$tmp/cache"

goroot=$("$go" env GOROOT)
version=$("$go" env GOVERSION | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')
mkdir "$tmp/shop"
cp "$data/../targets/demo/main.go" "$tmp/shop/"
printf 'module shop\n\ngo %s\n' "$version" >"$tmp/shop/go.mod"
paths="$tmp/shop=>/src/shop;$goroot=>/usr/lib/go-$version"
(cd "$tmp/shop" && "$go" build -o ../demo -gcflags="all=-trimpath=$paths" \
	-asmflags="all=-trimpath=$paths" .)
GOGC=15 "$tmp/demo" -trace "$tmp/demo.trace"

for word in "$tmp" "$goroot" "$HOME"; do
	if [ "$word" != / ] && grep -q -F "$word" "$tmp/demo.trace"; then
		echo "make-demo.sh: the trace names $word of this machine" >&2
		exit 1
	fi
done
size=$(wc -c <"$tmp/demo.trace")
if [ "$size" -gt 600000 ]; then
	echo "make-demo.sh: $size bytes are too many for a demo" >&2
	exit 1
fi
mv "$tmp/demo.trace" "$data/demo.trace"
echo "demo.trace: $size bytes"
