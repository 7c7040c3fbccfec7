/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of who makes recordings: shared by recording*.c alone. */
#ifndef EXPORT_RECORDING_IMPL_H
#define EXPORT_RECORDING_IMPL_H

#include "export/recording.h"

/* The number of a string or stack of the world in the group; it is named where it is new. 0 is 0. */
uint32_t rec_string(struct rec_encoder *e, uint32_t id);
uint32_t rec_stack(struct rec_encoder *e, uint32_t id);

/* --- recording_key.c: what a group begins with, and what is told of the session as a whole --- */
void rec_key(struct rec_encoder *e, const struct moment *m);
/* What changed of it since it was told last. */
void rec_session(struct rec_encoder *e, bool last);

/* --- recording_look.c --- */
/* The world's newest look, as a section; base: as one that builds on nothing. */
void rec_look_put(struct rec_encoder *e, rec_bytes *out, bool key);

#endif
