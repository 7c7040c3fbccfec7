/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was shown of a session beside its events: source files, and variables that were
 * looked at. Who records the session may want to keep them; a recording brings them back.
 */
#ifndef CORE_SHOWN_H
#define CORE_SHOWN_H

#include "core/value.h"

struct shown_file {
	char *path, *text;
	size_t n; /* bytes of text */
};

struct shown_values {
	int64_t time; /* of the session */
	struct value_ask ask;
	struct values v;
};

/* Zeroed is empty. */
struct shown {
	bool wanted; /* what is shown from now on is to be told here */
	VEC(struct shown_file) file; /* each once */
	VEC(struct shown_values) values;
	size_t bytes;
};

void shown_release(struct shown *s);
/* Copies; what is there already, or is too much, is left out. */
void shown_put_file(struct shown *s, const char *path, const char *text, size_t n);
/* NULL: it is not there. */
const struct shown_file *shown_find_file(const struct shown *s, const char *path);
void shown_put_values(struct shown *s, int64_t time, const struct value_ask *ask,
		      const struct values *v);
/* The newest of that frame, those first of which the same is open; NULL: there are none. */
const struct shown_values *shown_find_values(const struct shown *s, const struct value_ask *ask);
void values_copy(struct values *to, const struct values *from);

#endif
