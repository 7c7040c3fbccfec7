/* SPDX-License-Identifier: Apache-2.0 */
/* The wait-for graph for Graphviz. */
#ifndef EXPORT_DOT_H
#define EXPORT_DOT_H

#include <stdio.h>

#include "analysis/graph.h"

/*
 * Writes a digraph: goroutines (ellipses, equal ones that hold nothing folded),
 * objects (boxes), who waits on what, and who could wake them (dashed where it
 * is inferred). What is stuck is bold. system: the runtime's own goroutines, and
 * what those alone wait on, as well. 0, or -EIO.
 */
int dot_export(const struct graph *g, bool system, FILE *out);

#endif
