# SPDX-License-Identifier: Apache-2.0
# What a suite's TAP output and exit code (rc) come to. First line: passed failed skipped;
# then, a line each, the reasons for skipping and what is wrong beyond a test that failed.
function reason(line) {
	sub(/.*# *[Ss][Kk][Ii][Pp][: ]*/, "", line)
	return line == "" ? "no reason given" : line
}
function skipped(why) {
	skip++
	if (!(why in times))
		order[++kinds] = why
	times[why]++
}
/^1\.\.0 *# *[Ss][Kk][Ii][Pp]/ { skipped(reason($0)); next }
/^1\.\.[0-9]+/ { planned += substr($1, 4); next }
# cmocka 1.1 has "not ok" before a skipped test
/^(not )?ok( .*)?# *[Ss][Kk][Ii][Pp]/ { skipped(reason($0)); next }
/^ok( |$)/ { pass++; next }
/^not ok( |$)/ { fail++; next }
END {
	if (rc == 77 && !pass && !fail && !skip)
		skipped("exit code 77")
	else if (rc == 124 || rc == 137)
		wrong[++bad] = "did not end within " limit " s"
	else if (rc != 0 && !fail)
		wrong[++bad] = "ended with exit code " rc
	if (pass + fail + skip < planned && !fail && !bad)
		wrong[++bad] = "ran " pass + fail + skip " of " planned " tests"
	if (!pass && !fail && !skip && !bad)
		wrong[++bad] = "no test was run"
	printf "%d %d %d\n", pass, fail + bad, skip
	for (i = 1; i <= bad; i++)
		print wrong[i]
	for (i = 1; i <= kinds; i++)
		printf "skipped%s: %s\n", (times[order[i]] > 1 ? " (" times[order[i]] ")" : ""), order[i]
}
