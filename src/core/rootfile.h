/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a root that is not ours: a container's, which its owner fills as he likes. */
#ifndef CORE_ROOTFILE_H
#define CORE_ROOTFILE_H

/*
 * Opens a regular file for reading as a process with that root would: "/proc/PID/root",
 * or a folder. Links and ".." stay within it (openat2(2), RESOLVE_IN_ROOT). Returns an fd
 * or negative errno; -EINVAL: neither a device, a pipe nor a folder is opened.
 */
int rootfile_open(const char *root, const char *path);

#endif
