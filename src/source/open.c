/* SPDX-License-Identifier: Apache-2.0 */
#include "source/open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source/core.h"
#include "source/dumptext.h"
#include "source/jsonl.h"
#include "source/recording.h"
#include "source/trace1.h"
#include "source/trace2.h"
#include "source/unpack.h"

enum { HEADER_SIZE = 16 };

/*
 * internal/trace/version/version.go:ReadHeader: "go 1.NN trace" and three NULs.
 * Returns NN, or -1 where the bytes are no such header.
 */
static int trace_version(const struct input *in)
{
	static const char tail[] = " trace\0\0"; /* and the literal's own NUL */
	int version;

	if (in->size < HEADER_SIZE || memcmp(in->data, "go 1.", 5))
		return -1;
	if (in->data[6] == ' ') /* one digit: Go 1.5 to 1.9 */
		return in->data[5] - '0';
	if (memcmp(in->data + 7, tail, sizeof(tail)))
		return -1;
	version = (in->data[5] - '0') * 10 + in->data[6] - '0';
	return version >= 0 && version <= 99 ? version : -1;
}

static void say_unknown(const struct input *in, struct err *err)
{
	const char *packer = unpack_foreign(in->data, in->size);

	if (packer)
		err_set(err, -EINVAL, EXIT_BADFILE, "%s is packed with %s: unpack it first (%s -d)",
			in->name, packer, packer);
	else
		err_set(err, -EINVAL, EXIT_BADFILE,
			"%s is no file that bingo-top knows: it opens Go execution traces (as "
			"runtime/trace or the test flag -trace write them), the events that "
			"--export jsonl writes, recordings (--record), core dumps, and goroutine "
			"dumps (a panic's, SIGQUIT's, goroutine?debug=2)",
			in->name);
}

static struct source *open_trace(const struct input *in, int version, struct err *err)
{
	switch (version) {
	case 11:
	case 19:
	case 21:
		return trace1_open(in, err);
	case 22:
	case 23:
	case 25:
	case 26:
		return trace2_open(in, err);
	default:
		err_set(err, -ENOTSUP, EXIT_BADFILE,
			"%s is a Go execution trace of format 1.%d, which is not known here; "
			"formats 1.11, 1.19, 1.21, 1.22, 1.23, 1.25 and 1.26 are (Go 1.11 to 1.27)",
			in->name, version);
		return NULL;
	}
}

struct source *source_open_file(const struct input *in, const char *exe, struct world *w,
				struct err *err)
{
	int version = trace_version(in);
	char format[32];

	w->source_name = world_str(w, in->name);
	w->progress.total = in->size;
	if (in->cut)
		world_warn(
			w,
			"the file is packed, and cut short or damaged; what could be unpacked is "
			"shown");
	if (coredump_known(in))
		return coredump_open(in, exe, w, err);
	if (recording_known(in)) {
		w->source_kind = world_str(w, "recording");
		w->replay = w->source_name;
		return recording_open(in, err);
	}
	if (version < 0 && jsonl_known(in)) {
		w->source_kind = world_str(w, "events");
		w->replay = w->source_name;
		return jsonl_open(in);
	}
	if (version < 0 && dumptext_known(in)) {
		if (exe) {
			err_set(err, -EINVAL, EXIT_USAGE,
				"--exe is for core dumps, traces and exported events; %s is a "
				"text, which has no addresses",
				in->name);
			return NULL;
		}
		w->source_kind = world_str(w, "dump");
		return dumptext_open(in);
	}
	if (version < 0) {
		say_unknown(in, err);
		return NULL;
	}
	snprintf(format, sizeof(format), "1.%d", version);
	w->source_kind = world_str(w, "trace");
	w->go_version = world_str(w, format);
	return open_trace(in, version, err);
}
