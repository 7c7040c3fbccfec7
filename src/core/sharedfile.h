/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written where others may put some of the same name: /tmp and its like. */
#ifndef CORE_SHAREDFILE_H
#define CORE_SHAREDFILE_H

#include <sys/types.h>

/*
 * As open(2), for a file to be written by a name that the user gave. In a folder that
 * everybody writes to and that is sticky, what another user put there is not written to:
 * neither his file (EACCES), nor what his link leads to (ELOOP), nor one with other names.
 * The kernel does so too where fs.protected_symlinks and fs.protected_regular are set.
 * Returns a descriptor, or -1 with errno.
 */
int sharedfile_open(const char *path, int flags, mode_t mode);

#endif
