/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a goroutine dump as a source: what a Go program prints as it dies
 * (panic, fatal error, SIGQUIT) or answers to goroutine?debug=2; and the counted
 * form of debug=1. Other text may stand before, between and behind, and a log may
 * put its own words before each line.
 */
#ifndef SOURCE_DUMPTEXT_H
#define SOURCE_DUMPTEXT_H

#include "source/input.h"
#include "source/source.h"

/* Goroutines that are made of a debug=1 dump, which only counts them; the rest is a number. */
#ifdef BINGO_FUZZ
enum { DUMPTEXT_COUNTED_MOST = 1 << 12 };
#else
enum { DUMPTEXT_COUNTED_MOST = 1 << 20 };
#endif

/* Whether a goroutine's header stands anywhere in the first 64 MB. */
bool dumptext_known(const struct input *in);

/* Never fails; in stays open meanwhile. All is told as of time 0: a dump is one moment. */
struct source *dumptext_open(const struct input *in);

#endif
