#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The version that the program names: a tag, else the release in VERSION and the commit, else VERSION.
set -u
cd "$(dirname "$0")/../.." || exit 1
GIT_OPTIONAL_LOCKS=0
export GIT_OPTIONAL_LOCKS

base=$(cat VERSION 2>/dev/null || echo 0)
if [ ! -e .git ]; then
	echo "$base"
elif tag=$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null); then
	echo "${tag#v}"
elif commit=$(git rev-parse --short HEAD 2>/dev/null); then
	echo "$base-$commit"
else
	echo "$base"
fi
