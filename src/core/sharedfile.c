/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sharedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

/* The folder that a name is in; *base is the rest. -1: none. */
static int folder_open(const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*base = slash ? slash + 1 : path;
	free(dir);
	return fd;
}

/* Ours, or of whose folder it is. */
static bool is_trusted(const struct stat *st, const struct stat *dir)
{
	return st->st_uid == geteuid() || st->st_uid == dir->st_uid;
}

static int open_shared(int at, const struct stat *dir, const char *base, int flags, mode_t mode)
{
	int fd = openat(at, base, flags | O_NOFOLLOW, mode);
	struct stat st;

	if (fd < 0 && errno == ELOOP && !fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW)) {
		if (is_trusted(&st, dir)) /* where a folder is sticky nobody else takes it away */
			return openat(at, base, flags, mode);
		errno = ELOOP;
	}
	if (fd < 0 ||
	    (!fstat(fd, &st) && is_trusted(&st, dir) && (!S_ISREG(st.st_mode) || st.st_nlink == 1)))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

int sharedfile_open(const char *path, int flags, mode_t mode)
{
	const char *base;
	int at = folder_open(path, &base), fd, e;
	struct stat dir;

	if (at < 0)
		return open(path, flags, mode);
	if (!fstat(at, &dir) && dir.st_mode & S_ISVTX && dir.st_mode & (S_IWOTH | S_IWGRP))
		fd = open_shared(at, &dir, base, flags, mode);
	else
		fd = openat(at, base, flags, mode);
	e = errno;
	close(at);
	errno = e;
	return fd;
}
