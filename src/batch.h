/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed where there is no screen: reports and exports. */
#ifndef BATCH_H
#define BATCH_H

#include "analysis/detect.h"
#include "core/err.h"
#include "core/world.h"
#include "options.h"

/*
 * Prints what o asks for of the world as it stands: a report as text or JSON on
 * standard output; and, the last time, an export, which is of the whole session.
 * With an export there is a report only where it is asked for. Returns 0 or a
 * negative errno with err filled. d: its last look was at the world as it
 * stands. cpu_pct: what this program itself costs, of one core.
 */
int batch_print(const struct options *o, struct world *w, const struct detect *d, double cpu_pct,
		bool last, struct err *err);

#endif
