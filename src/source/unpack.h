/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were packed: systemd-coredump keeps cores as zstd. */
#ifndef SOURCE_UNPACK_H
#define SOURCE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Whether the bytes begin as a file packed with zstd does. */
bool unpack_known(const uint8_t *data, size_t size);
/* "xz", "lz4" … where they are packed in a way that is not read here; NULL: they are not. */
const char *unpack_foreign(const uint8_t *data, size_t size);

/*
 * Unpacks to fd, an empty file: what is zero becomes a hole. *cut: the packed file ends
 * too early or is damaged, and what came before is there. Bounded by the size of what is packed
 * and by the room in the file system. 0 or a negative errno with err filled (EXIT_BADFILE).
 */
int unpack(const uint8_t *data, size_t size, int fd, const char *name, bool *cut, struct err *err);

#endif
