#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the user has set, on a real terminal: files read and written, keys, colours, the plain mode. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$BUILD/tests/pty/settings" "$BUILD/bingo-top" "$PWD/tests/data/demo.trace" "$PWD/tests/targets/demo" "$PWD/tests/pty/fake-editor" "$tmp"
