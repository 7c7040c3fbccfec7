/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a recording: loaded whole, asked everything that the screen and the detectors ask.
 * Checksums would keep every change out, so the input is what they guard: a byte says what
 * kind of frame follows, three how long its payload is, and so on; the file is made of that.
 */
#include "analysis/detect.h"
#include "export/recording.h"
#include "source/recording.h"
#include "trace_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Kind, flags, group, length of the payload; a frame each until there is nothing left. */
enum { PREFIX = 5, FRAMES_MOST = 64 };

static void put_frame(struct rec_packer *p, rec_bytes *file, const uint8_t *d, const uint8_t *body,
		      size_t n, uint64_t seq)
{
	struct rec_head h = {
		.kind = d[0] % 8, .flags = d[1], .group = d[2], .seq = seq, .t1 = (int64_t)seq * 100
	};
	const rec_bytes *out;

	if (d[1] & 0x80) /* a frame is missing before it */
		h.seq += 1000;
	if (!rec_pack_payload(p, &h, body, n, &out))
		rec_put_raw(file, out->v, out->n);
}

static void make_file(rec_bytes *file, const uint8_t *data, size_t size)
{
	struct rec_packer *p = rec_packer_new();
	uint64_t seq = 0;

	while (size >= PREFIX && seq < FRAMES_MOST) {
		size_t n = (size_t)data[3] << 8 | data[4];

		n = n < size - PREFIX ? n : size - PREFIX;
		put_frame(p, file, data, data + PREFIX, n, seq++);
		data += PREFIX + n;
		size -= PREFIX + n;
	}
	rec_packer_free(p);
}

static void load(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .size = size, .name = (char *)"fuzz" };
	struct err err = { 0 };
	struct source *src;
	struct detect d;
	struct world w;

	if (!recording_known(&in))
		return;
	world_init(&w);
	detect_init(&d);
	w.source_name = world_str(&w, "fuzz");
	src = recording_open(&in, &err);
	while (src && src->ops->drain(src, &w, 1000000000, &err) == SOURCE_MORE)
		detect_look(&d, &w);
	if (src) {
		w.progress.whole = true;
		detect_now(&d, &w);
		fuzz_ask(&w);
		w.history = NULL;
		src->ops->close(src);
	}
	detect_release(&d);
	world_release(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rec_bytes file = { 0 };
	uint8_t *copy;

	/* as it is, and as what checksums are made for; copies, so that no byte behind is read unseen */
	if (size >= sizeof(rec_magic) && !memcmp(data, rec_magic, sizeof(rec_magic))) {
		copy = malloc(size);
		memcpy(copy, data, size);
		load(copy, size);
		free(copy);
		return 0;
	}
	make_file(&file, data, size);
	copy = malloc(file.n ? file.n : 1);
	if (file.n)
		memcpy(copy, file.v, file.n);
	load(copy, file.n);
	free(copy);
	vec_free(&file);
	return 0;
}
