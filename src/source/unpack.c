/* SPDX-License-Identifier: Apache-2.0 */
#include "source/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zstd.h>

#include "core/mem.h"

/* A core of mostly nothing packs to a thousandth; what says it is more than this is made to fill disks. */
static const uint64_t FREELY = 1ull << 30, RATIO = 4096;

enum { PIECE = 1 << 17 };

struct unpacker {
	int fd;
	uint64_t at; /* bytes so far */
	uint64_t most; /* in all */
	uint64_t room; /* that are not zero */
};

bool unpack_known(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	return size > sizeof(magic) && !memcmp(data, magic, sizeof(magic));
}

const char *unpack_foreign(const uint8_t *data, size_t size)
{
	static const struct {
		const char *name;
		const char magic[7];
		uint8_t n;
	} known[] = {
		{ "xz",
		  "\xfd"
		  "7zXZ",
		  6 },
		{ "lz4", "\x04\x22\x4d\x18", 4 },
		{ "gzip", "\x1f\x8b", 2 },
		{ "bzip2", "BZh", 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (size > known[i].n && !memcmp(data, known[i].magic, known[i].n))
			return known[i].name;
	return NULL;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return !n || (!p[0] && !memcmp(p, p + 1, n - 1));
}

static int put(struct unpacker *u, const uint8_t *p, size_t n)
{
	if (n > u->most - u->at)
		return -EFBIG;
	if (is_zero(p, n)) {
		u->at += n;
		return 0;
	}
	if (n > u->room)
		return -ENOSPC;
	u->room -= n;
	while (n) {
		ssize_t done = pwrite(u->fd, p, n, (off_t)u->at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
		u->at += (uint64_t)done;
	}
	return 0;
}

/* 0: all of it; -EBADMSG: damaged or too short; what fails otherwise. */
static int stream(struct unpacker *u, const uint8_t *data, size_t size)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { data, size, 0 };
	uint8_t *buf = xmalloc(PIECE);
	size_t left = 1;
	int rc = z ? 0 : -ENOMEM;

	while (!rc) {
		ZSTD_outBuffer out = { buf, PIECE, 0 };

		left = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(left)) {
			rc = -EBADMSG;
			break;
		}
		rc = put(u, buf, out.pos);
		if (in.pos == in.size && out.pos < out.size) /* all that it kept back is out */
			break;
	}
	ZSTD_freeDStream(z);
	free(buf);
	return rc ? rc : left ? -EBADMSG : 0;
}

static int explain(int rc, const char *name, struct err *err)
{
	switch (rc) {
	case -EFBIG:
		return err_set(err, rc, EXIT_BADFILE,
			       "%s unpacks to more than 4096 times its size; it is not believed",
			       name);
	case -ENOSPC:
		return err_set(err, rc, EXIT_BADFILE,
			       "%s does not fit into half of what is free for temporary files; set "
			       "TMPDIR to "
			       "a folder with more room, or unpack it by zstd -d",
			       name);
	case -EBADMSG:
		return err_set(err, rc, EXIT_BADFILE, "%s is packed with zstd and damaged", name);
	default:
		return err_set(err, rc, EXIT_BADFILE, "cannot unpack %s to a temporary file: %s",
			       name, strerror(-rc));
	}
}

int unpack(const uint8_t *data, size_t size, int fd, const char *name, bool *cut, struct err *err)
{
	struct unpacker u = { .fd = fd,
			      .most = FREELY + (uint64_t)size * RATIO,
			      .room = UINT64_MAX };
	struct statvfs fs;
	int rc;

	if (!fstatvfs(fd, &fs))
		u.room = (uint64_t)fs.f_bavail * fs.f_frsize / 2;
	rc = stream(&u, data, size);
	*cut = rc == -EBADMSG && u.at;
	if (*cut)
		rc = 0;
	if (!rc && ftruncate(fd, (off_t)u.at))
		rc = -errno;
	return rc ? explain(rc, name, err) : 0;
}
