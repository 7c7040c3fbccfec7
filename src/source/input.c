/* SPDX-License-Identifier: Apache-2.0 */
#include "source/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "source/unpack.h"

static int spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir || strlen(dir) > sizeof(path) - 32)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	memcpy(path, dir, strlen(dir));
	memcpy(path + strlen(dir), "/bingo-top.XXXXXX", sizeof("/bingo-top.XXXXXX"));
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int write_all(int fd, const char *buf, size_t n)
{
	while (n) {
		ssize_t done = write(fd, buf, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		buf += done;
		n -= (size_t)done;
	}
	return 0;
}

static int copy_all(int from, int to)
{
	size_t size = 1 << 18;
	char *buf = xmalloc(size);
	int rc = 0;

	while (!rc) {
		ssize_t n = read(from, buf, size);

		if (!n)
			break;
		if (n < 0)
			rc = errno == EINTR ? 0 : -errno;
		else
			rc = write_all(to, buf, (size_t)n);
	}
	free(buf);
	return rc;
}

static int no_spool(const char *name, struct err *err)
{
	return err_set(err, -errno, EXIT_BADFILE,
		       "cannot keep what comes from %s: no temporary file can be made: %s; "
		       "set TMPDIR to a folder that can be written",
		       name, strerror(errno));
}

/* A pipe cannot be mapped: its bytes go to a temporary file that has no name. */
static int spool(int pipe, const char *name, int *file, struct err *err)
{
	int rc;

	*file = spool_open();
	if (*file < 0)
		return no_spool(name, err);
	rc = copy_all(pipe, *file);
	if (!rc)
		return 0;
	close(*file);
	return err_set(err, rc, EXIT_BADFILE, "cannot read %s into a temporary file: %s", name,
		       strerror(-rc));
}

static int map_file(struct input *in, int fd, struct err *err)
{
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		return err_set(err, -errno, EXIT_BADFILE, "cannot read %s: %s", in->name,
			       strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, EXIT_BADFILE,
			       "%s is a folder; give a trace, a recording or a dump", in->name);
	in->size = (size_t)st.st_size;
	if (!in->size)
		return err_set(err, -EINVAL, EXIT_BADFILE, "%s is empty", in->name);
	p = mmap(NULL, in->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_set(err, -errno, EXIT_BADFILE, "cannot map %s: %s", in->name,
			       strerror(errno));
	in->data = p;
	return 0;
}

/* Takes the place of what is packed. */
static int unpack_file(struct input *in, struct err *err)
{
	const uint8_t *packed = in->data;
	size_t size = in->size;
	int rc, fd = spool_open();

	if (fd < 0)
		return no_spool(in->name, err);
	in->data = NULL;
	rc = unpack(packed, size, fd, in->name, &in->cut, err);
	if (!rc)
		rc = map_file(in, fd, err);
	close(fd);
	munmap((void *)(uintptr_t)packed, size);
	return rc;
}

static bool mappable(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

int input_open(struct input *in, const char *path, struct err *err)
{
	bool is_stdin = !strcmp(path, "-");
	int fd, file, rc;

	memset(in, 0, sizeof(*in));
	in->name = xstrdup(is_stdin ? "standard input" : path);
	fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = err_set(err, -errno, EXIT_BADFILE, "cannot open %s: %s", in->name,
			     strerror(errno));
		goto fail;
	}
	if (!mappable(fd)) {
		rc = spool(fd, in->name, &file, err);
		close(fd);
		if (rc)
			goto fail;
		fd = file;
	}
	rc = map_file(in, fd, err);
	close(fd);
	if (!rc && unpack_known(in->data, in->size))
		rc = unpack_file(in, err);
	if (!rc)
		return 0;
fail:
	input_close(in);
	return rc;
}

void input_close(struct input *in)
{
	if (in->data)
		munmap((void *)in->data, in->size);
	free(in->name);
	memset(in, 0, sizeof(*in));
}
