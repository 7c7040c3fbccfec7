/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the target: shared by target.c and target_core.c. */
#ifndef TARGET_TARGET_PRIV_H
#define TARGET_TARGET_PRIV_H

#include "target/target.h"

/* Adds a sentence to t->note. */
void target_note(struct target *t, const char *text);
/* From memory, mappings and image: version, modules, layout, variables. */
int target_find_runtime(struct target *t, const struct target_opts *o, struct err *err);
/* The last step: what needs the others. */
void target_finish(struct target *t);

#endif
