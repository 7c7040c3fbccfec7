# SPDX-License-Identifier: Apache-2.0
# Of what a program said of its variables (first file), the lines that were read otherwise (second file).
# -v sums=FILE: where the sums go. -v core=1: what is not in a core is no error.
function key(line) { split(line, w, " "); return w[1] " " w[2] }
{ sub(/ \(shadowed\)/, "") }
NR == FNR {
	if (/ \*[0-9]+$/) { # only how many it has is known
		want = substr($NF, 2) - 16
		n_like[key($0)] = "… " want " more}"
		next
	}
	said[$0] = 1; known[key($0)] = 1; n_said++
	next
}
/ # / { next }
{
	k = key($0); text = substr($0, index($0, " = ") + 3)
	lacks = core && text ~ /(not in the core|not all of it is in the core)/
	if (k in n_like) {
		if (index($0, n_like[k])) right++
		else if (lacks) lacking++
		else print "many: " $0
		next
	}
	if (!(k in known)) next
	seen[k] = 1
	if ($0 in said) right++
	else if (lacks) lacking++
	else if (text ~ /^(optimised away|not known: it|on the heap, its)|partly optimised away\)$/) gone++
	else print "read:  " $0
}
END {
	for (k in known) if (!(k in seen)) absent++
	print "right " right + 0 " gone " gone + 0 " absent " absent + 0 " lacking " lacking + 0 > sums
}
