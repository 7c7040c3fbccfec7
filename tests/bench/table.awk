# SPDX-License-Identifier: Apache-2.0
# The rows of tests/bench/row.h as a table, its columns aligned. -v markdown=1: the one of docs/performance.md.
BEGIN {
	FS = "\t"
	put("what is measured", "ours", "against", "", "ratio", "middle half", "limit", "held")
}

function put(a, b, c, d, e, f, g, h)
{
	n++
	cell[n, 1] = a; cell[n, 2] = b; cell[n, 3] = c; cell[n, 4] = d
	cell[n, 5] = e; cell[n, 6] = f; cell[n, 7] = g; cell[n, 8] = h
	for (i = 1; i <= 8; i++)
		if (length(cell[n, i]) > width[i])
			width[i] = length(cell[n, i])
}

# Four digits that say something, and no exponent.
function figure(x)
{
	x += 0
	return x >= 1000 ? sprintf("%.0f", x) : x >= 100 ? sprintf("%.1f", x) : x >= 10 ? sprintf("%.2f", x) : sprintf("%.3g", x)
}

NF == 2 {
	put($1, "", "", "", "", "", "", "")
	missing[n] = $2
	next
}

{
	spread = $7 == $8 ? "" : figure($7) " to " figure($8)
	put($1, figure($2) " " $5, $3, figure($4) " " $5, figure($6), spread, $9, $10 == "no" ? "NO" : $10)
	if ($10 == "yes")
		yes++
	if ($10 == "no")
		no++
}

function markdown_row(k,    limit)
{
	if (k in missing) {
		print "| " cell[k, 1] " | " missing[k] " | | | | |"
		return
	}
	limit = cell[k, 7] == "-" ? "" : cell[k, 7] (cell[k, 8] == "NO" ? ", **not held**" : "")
	sub(/<=/, "\342\211\244", limit)
	sub(/>=/, "\342\211\245", limit)
	print "| " cell[k, 1] " | " cell[k, 2] " | " cell[k, 3] (cell[k, 4] == "" ? "" : ": ") cell[k, 4] " | " cell[k, 5] " | " cell[k, 6] " | " limit " |"
}

END {
	if (markdown) {
		for (k = 1; k <= n; k++) {
			if (k == 1)
				print "| what is measured | ours | against | ratio | middle half | limit |\n|---|---|---|---|---|---|"
			else
				markdown_row(k)
		}
		exit
	}
	for (k = 1; k <= n; k++) {
		if (k in missing) {
			printf "%-" width[1] "s  %s\n", cell[k, 1], missing[k]
			continue
		}
		line = ""
		for (i = 1; i <= 8; i++) {
			right = i == 2 || i == 4 || i == 5
			line = line sprintf((right ? "%" : "%-") width[i] "s%s", cell[k, i], i < 8 ? "  " : "")
		}
		sub(/ +$/, "", line)
		print line
	}
	printf "%d of %d limits held\n", yes, yes + no
}
