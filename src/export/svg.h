/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time by stack as a flame graph: one SVG file with its script in it and nothing from
 * elsewhere. A click zooms, a search marks and sums up; a viewer without scripts shows
 * the whole. "#zoom=N&find=REGEX" after the file's address does the same.
 */
#ifndef EXPORT_SVG_H
#define EXPORT_SVG_H

#include "analysis/profile.h"
#include "export/formats.h"

/*
 * What is narrower than a 20000th of the whole is left out, and how much that is stands
 * below the graph. Returns 0 or a negative errno of writing.
 */
int svg_export(struct export_request *r, enum profile_time time, FILE *out);

#endif
