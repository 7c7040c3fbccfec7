/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that a trace or an export was recorded of, as a file: code for those
 * who show places in it. Where the program lay in memory is found by what it says
 * of itself: a frame's function and line, and its pc.
 */
#ifndef SOURCE_BINARY_H
#define SOURCE_BINARY_H

#include "core/code.h"
#include "core/err.h"

struct binary;

/* err has EXIT_BADFILE. */
int binary_open(struct binary **out, const char *path, struct err *err);
void binary_close(struct binary *b); /* NULL ok */
/* Valid until it is closed. */
struct disassembler *binary_disassembler(struct binary *b);

#endif
