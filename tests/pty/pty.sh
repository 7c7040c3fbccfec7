#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program on a real terminal: a pty with libvterm behind it. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac

# Nobody's settings, and no place to keep any.
XDG_CONFIG_HOME=/proc/none XDG_CONFIG_DIRS=/proc/none XDG_STATE_HOME=/proc/none
export XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_STATE_HOME
exec "$BUILD/tests/pty/pty" "$BUILD/bingo-top" "$PWD/tests/data/demo.trace" "$PWD/tests/targets/demo" "$PWD/tests/pty/fake-editor"
