/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are mapped, and whoever may write one can cut it short meanwhile: what is
 * gone then raises SIGBUS where it is read (mmap(2)). Zeros take its place, so that
 * readers find a damaged file, which they are made for.
 */
#ifndef CORE_MAPPED_H
#define CORE_MAPPED_H

#include <signal.h>
#include <stdbool.h>

/* From now on, for all threads. Other causes of the signal end the program as ever. */
void mapped_guard(void);
/* For who has a handler of SIGBUS himself: true if zeros lie there now, and the read may go on. */
bool mapped_mend(const siginfo_t *info);
/* How many pages were taken for zeros so far. */
unsigned mapped_lost(void);

#endif
