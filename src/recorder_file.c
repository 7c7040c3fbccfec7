/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/sharedfile.h"

enum {
	WAITING_MOST = 32 << 20, /* bytes of frames that wait for something to happen */
	SYNC_MS = 400, /* between two times that the disk is asked to have it */
	LOOK_MS = 1000, /* and to look whether the file is still there */
};

static int fail(struct recfile *f, int rc, const char *why)
{
	f->failed = true;
	snprintf(f->why, sizeof(f->why), "%s", why);
	return rc;
}

/* --- opening --- */

static int refuse(struct err *err, int rc, const char *name, const char *why)
{
	return err_set(err, rc, EXIT_USAGE, "nothing is recorded: %.200s: %s", name, why);
}

/* One that is there is replaced, where nothing but a recording is lost by it. */
static int open_there(struct recfile *f, struct err *err)
{
	uint8_t begin[sizeof(rec_magic)];
	struct stat st;
	ssize_t n;

	f->fd = sharedfile_open(f->name, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (f->fd < 0)
		return refuse(err, -errno, f->name, strerror(errno));
	if (fstat(f->fd, &st) || !S_ISREG(st.st_mode))
		return refuse(err, -EINVAL, f->name, "a recording is a file, and this is none");
	n = pread(f->fd, begin, sizeof(begin), 0);
	if (n && (n < (ssize_t)sizeof(begin) || memcmp(begin, rec_magic, sizeof(begin)) != 0))
		return refuse(err, -EEXIST, f->name,
			      "it is there and is no recording; give another name");
	if (ftruncate(f->fd, 0))
		return refuse(err, -errno, f->name, strerror(errno));
	return 0;
}

int recfile_open(struct recfile *f, const char *name, uint64_t limit, struct helper *h,
		 struct err *err)
{
	struct err unsaid = { 0 };
	int rc = 0;

	memset(f, 0, sizeof(*f));
	f->name = xstrdup(name);
	f->limit = limit;
	f->fd = helper_create(h, name, &unsaid);
	if (f->fd < 0 && f->fd != -EEXIST)
		f->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	f->made = f->fd >= 0;
	if (f->fd == -EEXIST || (f->fd < 0 && errno == EEXIST))
		rc = open_there(f, err);
	else if (f->fd < 0)
		rc = refuse(err, -errno, name, strerror(errno));
	if (!rc) {
		f->packer = rec_packer_new();
		return 0;
	}
	recfile_close(f);
	return rc;
}

/* --- writing --- */

static int write_at(struct recfile *f, const uint8_t *p, size_t n)
{
	uint64_t at = f->at;

	while (n) {
		ssize_t done = pwrite(f->fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -ENOSPC;
		at += (uint64_t)done;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* What is written over is not in the index any more. */
static void forget(struct recfile *f, uint64_t end)
{
	size_t keep = 0;

	for (size_t i = 0; i < f->index.n; i++) {
		const struct recfile_entry *e = &f->index.v[i];
		uint64_t to = e->at + REC_HEAD + e->head.packed;

		if (e->at < end && to > f->at)
			continue;
		f->index.v[keep++] = *e;
	}
	f->index.n = keep;
}

/* Back to the begin: what lies behind would come after what is newer. */
static int wrap(struct recfile *f, size_t n)
{
	if (f->first + 2 * n > f->limit)
		return fail(f, -EFBIG, "one moment of it is more than --record-limit lets it have");
	if (ftruncate(f->fd, (off_t)f->at))
		return fail(f, -errno, strerror(errno));
	f->size = f->at;
	f->at = f->first;
	f->wrapped = true;
	return 0;
}

/* A frame that cannot be written whole is taken back, so that the file ends with a whole one. */
static int write_frame(struct recfile *f, const struct rec_head *h, const uint8_t *p, size_t n)
{
	int rc = f->limit && f->at + n > f->limit ? wrap(f, n) : 0;

	if (rc)
		return rc;
	if (f->wrapped)
		forget(f, f->at + n);
	rc = write_at(f, p, n);
	if (rc) {
		if (!f->wrapped && ftruncate(f->fd, (off_t)f->at))
			rc = rc ? rc : -errno;
		return fail(f, rc, strerror(-rc));
	}
	*vec_push(&f->index) = (struct recfile_entry){ f->at, *h };
	f->at += n;
	f->size = f->at > f->size ? f->at : f->size;
	f->written = h->seq;
	return 0;
}

/* So that a loss of power costs no more than a killed process does. */
static int look_after(struct recfile *f)
{
	int64_t now = clock_now();
	struct stat st;

	if (now >= f->synced + (int64_t)SYNC_MS * 1000000) {
		if (fdatasync(f->fd))
			return fail(f, -errno, strerror(errno));
		f->synced = clock_now();
	}
	if (now < f->looked + (int64_t)LOOK_MS * 1000000)
		return 0;
	f->looked = now;
	if (!fstat(f->fd, &st) && !st.st_nlink)
		return fail(f, -ENOENT, "the file was removed");
	return 0;
}

int recfile_begin(struct recfile *f)
{
	struct rec_head h = { .kind = REC_FIRST, .seq = f->seq++ };
	const rec_bytes *out;
	rec_bytes text = { 0 };
	int rc;

	rec_schema(&text);
	rc = rec_pack_payload(f->packer, &h, text.v, text.n, &out);
	vec_free(&text);
	if (rc)
		return fail(f, rc, strerror(-rc));
	rc = write_frame(f, &h, out->v, out->n);
	f->first = f->at;
	return rc;
}

/* --- frames that wait --- */

static void drop_first(struct recfile *f)
{
	struct recfile_waiting *x = f->head;

	f->head = x->next;
	if (!f->head)
		f->tail = NULL;
	f->waiting -= sizeof(*x) + x->n;
	free(x);
}

/* Whole groups, but never the last: it is not known what will be asked of it. */
static void drop_groups(struct recfile *f, size_t most)
{
	while (f->waiting > most) {
		const struct recfile_waiting *x = f->head->next;

		while (x && x->head.kind != REC_KEY)
			x = x->next;
		if (!x)
			return;
		while (f->head != x)
			drop_first(f);
	}
}

static void let_wait(struct recfile *f, const struct rec_head *h, const rec_bytes *bytes)
{
	struct recfile_waiting *x = xmalloc(sizeof(*x) + bytes->n);
	size_t most = f->limit && f->limit / 2 < WAITING_MOST ? f->limit / 2 : WAITING_MOST;

	x->next = NULL;
	x->head = *h;
	x->n = bytes->n;
	memcpy(x->bytes, bytes->v, bytes->n);
	if (f->tail)
		f->tail->next = x;
	else
		f->head = x;
	f->tail = x;
	f->waiting += sizeof(*x) + x->n;
	drop_groups(f, most);
}

/* In a file that is written over, groups must be small against it. */
static void count_group(struct recfile *f, const struct rec_head *h, size_t n)
{
	f->group = h->kind == REC_KEY ? 0 : f->group + n;
	if (f->limit && f->group > f->limit / 8)
		atomic_store(&f->key_wanted, true);
}

/* Where frames before it were not kept, it says so. */
static int keep_frame(struct recfile *f, struct rec_head h, uint8_t *bytes, size_t n)
{
	if (h.seq != f->written + 1) {
		h.flags |= REC_PAUSED;
		rec_head_put(bytes, &h);
	}
	f->holds = true;
	return write_frame(f, &h, bytes, n);
}

static int keep_waiting(struct recfile *f)
{
	int rc = 0;

	while (f->head && !rc) {
		rc = keep_frame(f, f->head->head, f->head->bytes, f->head->n);
		drop_first(f);
	}
	return rc;
}

int recfile_block(struct recfile *f, const struct rec_block *b)
{
	const rec_bytes *out;
	struct rec_head h;
	int rc = rec_pack(f->packer, b, f->seq, 0, &out);

	if (rc)
		return fail(f, rc,
			    rc == -EFBIG ? "one moment of it is too much for a frame"
					 : strerror(-rc));
	f->seq++;
	rec_head_get(out->v, &h);
	count_group(f, &h, out->n);
	if (!b->keep) {
		let_wait(f, &h, out);
		return 0;
	}
	rc = keep_waiting(f);
	if (!rc)
		rc = keep_frame(f, h, out->v, out->n);
	return rc ? rc : look_after(f);
}

/* --- the end --- */

static void put_entry(rec_bytes *b, const struct recfile_entry *e)
{
	rec_put(b, e->at);
	rec_put(b, e->head.kind);
	rec_put(b, e->head.flags);
	rec_put(b, e->head.packed);
	rec_put(b, e->head.raw);
	rec_put(b, e->head.seq);
	rec_put_diff(b, (uint64_t)e->head.t0, 0);
	rec_put_diff(b, (uint64_t)e->head.t1, 0);
	rec_put(b, e->head.group);
	rec_put(b, e->head.events);
}

/* A row of frames that goes round has no end to put an index at; this says that it is whole. */
static int write_tail(struct recfile *f)
{
	struct rec_head h = { .version = REC_VERSION, .kind = REC_TAIL, .seq = f->seq++ };
	uint8_t end[REC_HEAD];

	rec_head_put(end, &h);
	return write_frame(f, &h, end, sizeof(end));
}

static int write_index(struct recfile *f)
{
	struct rec_head h = { .kind = REC_INDEX, .seq = f->seq++ },
			tail = { .version = REC_VERSION, .kind = REC_TAIL, .seq = f->seq++ };
	rec_bytes body = { 0 }, text = { 0 };
	uint8_t end[REC_HEAD];
	const rec_bytes *out;
	int rc;

	for (size_t i = 0; i < f->index.n; i++)
		put_entry(&body, &f->index.v[i]);
	rec_put_section(&text, RECS_INDEX, &body);
	rc = rec_pack_payload(f->packer, &h, text.v, text.n, &out);
	vec_free(&body);
	vec_free(&text);
	tail.t0 = tail.t1 = (int64_t)f->at;
	rec_head_put(end, &tail);
	/* a file that may not become larger does without */
	if (rc || (f->limit && f->at + out->n + sizeof(end) > f->limit))
		return rc;
	rc = write_frame(f, &h, out->v, out->n);
	return rc ? rc : write_frame(f, &tail, end, sizeof(end));
}

int recfile_finish(struct recfile *f)
{
	int rc = f->wrapped ? write_tail(f) : write_index(f);

	f->synced = f->looked = 0;
	return rc ? rc : look_after(f);
}

void recfile_close(struct recfile *f)
{
	while (f->head)
		drop_first(f);
	if (f->fd >= 0)
		close(f->fd);
	if (f->made && !f->holds && !f->failed)
		unlink(f->name);
	free(f->name);
	vec_free(&f->index);
	rec_packer_free(f->packer);
	memset(f, 0, sizeof(*f));
	f->fd = -1;
}
