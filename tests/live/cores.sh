# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For suites that make cores, sourced after tests/live/lib.sh. A program that is to die of itself runs in
# $WORK/dies, where the kernel puts its core.

take() # gcore|crash: leaves $WORK/core
{
	rm -f "$WORK/core"
	if [ "$1" = gcore ]; then
		gcore -o "$WORK/g" "$PID" >"$WORK/gcore.log" 2>&1
		mv "$WORK/g.$PID" "$WORK/core" 2>/dev/null
		live_stop
	else
		kill -QUIT "$PID"
		wait "$PID" 2>/dev/null
		mv "$WORK/dies/core" "$WORK/core" 2>/dev/null
	fi
	[ -s "$WORK/core" ]
}
