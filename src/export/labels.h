/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of goroutines, which the model keeps as "key=value,key=value". */
#ifndef EXPORT_LABELS_H
#define EXPORT_LABELS_H

#include <stdbool.h>
#include <stddef.h>

struct label {
	const char *key, *value;
	size_t key_len, value_len;
};

/* Takes the next one from *s, into l; of equal keys the last counts. False: there is none. */
bool label_next(const char **s, struct label *l);

#endif
