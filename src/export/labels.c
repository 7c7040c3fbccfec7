/* SPDX-License-Identifier: Apache-2.0 */
#include "export/labels.h"

#include <string.h>

/* Whether the key, n bytes before a '=', comes again in the labels. */
static bool key_again(const char *labels, const char *key, size_t n)
{
	while (*labels) {
		if (strcspn(labels, "=,") == n && labels[n] == '=' && !memcmp(labels, key, n))
			return true;
		labels += strcspn(labels, ",");
		labels += *labels == ',';
	}
	return false;
}

bool label_next(const char **s, struct label *l)
{
	while (**s) {
		const char *one = *s;
		size_t n = strcspn(one, ","), k = strcspn(one, "=");

		*s = one + n + (one[n] == ',');
		if (k >= n || key_again(*s, one, k))
			continue;
		*l = (struct label){ one, one + k + 1, k, n - k - 1 };
		return true;
	}
	return false;
}
