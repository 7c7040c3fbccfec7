/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capstone, loaded when something is disassembled for the first time: its tables have 85,000 words to
 * relocate, which took half of the time before main(), and most sessions never ask. Where it is linked in, as
 * in the static program, it is taken from there.
 */
#ifndef TARGET_CAPSTONE_H
#define TARGET_CAPSTONE_H

#ifdef BINGO_CAPSTONE

#include <capstone.h>

/* The functions of capstone.h that are used, by their names there. */
struct capstone {
	__typeof__(&cs_open) open;
	__typeof__(&cs_close) close;
	__typeof__(&cs_option) option;
	__typeof__(&cs_malloc) malloc;
	__typeof__(&cs_free) free;
	__typeof__(&cs_disasm_iter) disasm_iter;
};

/* NULL: it cannot be loaded, *why says so in words that stay. From any thread. */
const struct capstone *capstone_get(const char **why);

#endif
#endif
