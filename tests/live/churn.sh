#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# True under churn: while tens of thousands of goroutines a second are born and die, no impossible
# record is told: no goid twice, no state that is none, no stack of another goroutine.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
CHURN=$BUILD/tests/live/live_churn

one() # VERSION GO
{
	name="Go $1"
	bin=$(live_build load "$1" "$2" stripped) || { not_ok "$name builds" "$WORK/build.log"; return; }
	live_start "$bin" -parked 500 -churn 50000 -pingpong 2 || { not_ok "$name starts" "$WORK/err"; return; }
	"$CHURN" "$PID" 400 200 >"$WORK/said" 2>&1
	rc=$?
	counts=$(grep ^passes "$WORK/said")
	if [ $rc = 0 ]; then ok "$name: nothing impossible ($counts)"; else not_ok "$name: nothing impossible" "$WORK/said"; fi
	# shellcheck disable=SC2086
	set -- $counts
	is "$name: all passes made" "${2:-}" 400
	if [ "${10:-0}" -gt 10000 ]; then ok "$name: ${10} goroutines were made meanwhile"
	else not_ok "$name: goroutines were made meanwhile" "$WORK/said"; fi
	if live_alive; then ok "$name: it still runs"; else not_ok "$name: it still runs" "$WORK/err"; fi
	live_stop
}

live_go >"$WORK/go"
while read -r v go; do
	case " ${*:-1.19 1.21 1.23 1.24 1.27} " in *" $v "*) ;; *) continue ;; esac
	one "$v" "$go"
done <"$WORK/go"
[ -s "$WORK/go" ] || skip "churn" "no Go toolchain is here (tests/toolchains.sh fetches them)"
finish
