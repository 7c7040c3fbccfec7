/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed where there is no screen: reports and exports. */
#ifndef BATCH_H
#define BATCH_H

#include "analysis/detect.h"
#include "core/err.h"
#include "core/world.h"
#include "options.h"

/*
 * Prints what o asks for, once, of the world as it stands: an export, or a
 * report as text or JSON on standard output. Returns 0 or a negative errno with
 * err filled. d: its last look was at the world as it stands. cpu_pct: what this
 * program itself costs, of one core.
 */
int batch_print(const struct options *o, struct world *w, const struct detect *d, double cpu_pct,
		struct err *err);

#endif
