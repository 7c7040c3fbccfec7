/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OWNCOST_H
#define OWNCOST_H

#include <stdint.h>

/* What this program has cost of one core since then, %; began of CLOCK_MONOTONIC. */
double own_cpu_pct(int64_t began);

#endif
