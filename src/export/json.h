/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written as it comes, without a tree: a million goroutines or a hundred
 * million events need no memory. Commas are placed by the writer.
 */
#ifndef EXPORT_JSON_H
#define EXPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma; /* the next value needs one before it */
};

/* key: NULL within an array or at the top. */
void jw_object(struct json *j, const char *key);
void jw_array(struct json *j, const char *key);
void jw_end(struct json *j, char bracket); /* '}' or ']' */
/* Bytes that are no UTF-8 are written as U+FFFD, and that one always as an escape. */
void jw_str(struct json *j, const char *key, const char *s, size_t len);
/* As jw_str(), under a key that is foreign text itself. */
void jw_pair(struct json *j, const char *key, size_t key_len, const char *s, size_t len);
void jw_text(struct json *j, const char *key, const char *s);
void jw_int(struct json *j, const char *key, int64_t v);
void jw_uint(struct json *j, const char *key, uint64_t v);
/* What is no number in JSON, NaN and infinity, is null. */
void jw_real(struct json *j, const char *key, double v, int decimals);
void jw_bool(struct json *j, const char *key, bool v);
void jw_addr(struct json *j, const char *key, uint64_t v); /* "0xc000…" */
/* Ends a document: a newline; the next value is a document of its own. */
void jw_line(struct json *j);

#endif
