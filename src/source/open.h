/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader a file wants is read from its content, never from its name. */
#ifndef SOURCE_OPEN_H
#define SOURCE_OPEN_H

#include "source/input.h"
#include "source/source.h"

/*
 * Opens whatever in holds; in must stay open until the source is closed.
 * exe: the program of a core dump; NULL where it is not given. What a trace or an export
 * was recorded of is the caller's to open (source/binary.h); a dump's text has no use for it.
 * Fills the world's header strings. Returns NULL with err filled (EXIT_BADFILE)
 * where no reader knows the content.
 */
struct source *source_open_file(const struct input *in, const char *exe, struct world *w,
				struct err *err);

#endif
