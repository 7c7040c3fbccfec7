/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file, mapped; a pipe's are kept in an unlinked temporary file first. */
#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct input {
	const uint8_t *data; /* read-only mapping; size may be 0 */
	size_t size;
	char *name; /* as the user gave it; "-" is standard input */
	bool cut; /* it was packed, and its packed form ends too early or is damaged */
};

/*
 * Opens path ("-": standard input) and reads a pipe to its end. What is packed with zstd is unpacked
 * to an unlinked temporary file. Reading a
 * mapped file that is cut short meanwhile raises SIGBUS, which the program's
 * crash handler turns into a sentence. Returns 0 or a negative errno with err
 * filled; then nothing is open.
 */
int input_open(struct input *in, const char *path, struct err *err);
void input_close(struct input *in);

#endif
