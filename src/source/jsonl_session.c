/* SPDX-License-Identifier: Apache-2.0 */
/* The first line says what the session is of, the last one how it ended. */
#include <stdlib.h>

#include "source/jsonl_impl.h"

enum { WARNINGS_MOST = 256 };

static const int64_t WALL_MOST = INT64_MAX / 2; /* the year 2116 */

static void learn_live(const struct jline *l, struct world *w)
{
	uint64_t pid = jline_uint(l, K_PID);

	if (!pid || pid > INT32_MAX)
		return;
	w->live.pid = (int32_t)pid;
	w->live.state = LIVE_RUNS;
	w->live.stripped = jline_uint(l, K_STRIPPED);
	w->live.symbols = jread_string(l, w, K_SYMBOLS);
	w->live.note = jread_string(l, w, K_NOTE);
}

enum jsonl_step jread_session(struct jsonl *j, struct world *w)
{
	const struct jline *l = &j->line;

	if (j->told)
		return jread_bad(j, "another session begins there");
	j->session = true;
	if (l->has[K_KIND])
		w->source_kind = jread_string(l, w, K_KIND);
	if (l->has[K_EXE])
		w->source_name = jread_string(l, w, K_EXE);
	w->go_version = jread_string(l, w, K_GO);
	w->wall_ns = jline_int(l, K_WALL, 0);
	if (w->wall_ns < 0 || w->wall_ns > WALL_MOST)
		w->wall_ns = 0;
	w->time_base = jread_bounded(jline_int(l, K_BASE, 0));
	learn_live(l, w);
	return JSONL_ON;
}

static void learn_warnings(struct jsonl *j, struct world *w)
{
	struct jtext list = jline_text(&j->line, K_WARNINGS), t;
	struct jlex x = { .p = list.s, .end = list.s + list.n };
	int n = 0;

	vec_reserve(&j->name, list.n);
	for (bool more = jlex_first(&x, '[', ']'); more && n < WARNINGS_MOST;
	     more = jlex_more(&x, ']')) {
		size_t len;

		if (!jlex_string(&x, &t))
			return;
		len = jtext_decode(t, j->name.v);
		if (len != SIZE_MAX)
			world_warn(w, "%.*s", (int)len, j->name.v);
		n++;
	}
}

void jread_end(struct jsonl *j, struct world *w)
{
	const struct jline *l = &j->line;
	struct live *live = &w->live;
	int64_t t = jline_int(l, K_TIME, 0);
	char buf[32];
	int state;

	j->ended = true;
	if (t > w->t_end)
		w->t_end = w->now.time = t;
	if (l->has[K_WARNINGS])
		learn_warnings(j, w);
	live->ended = jread_string(l, w, K_ENDED);
	if (!live->pid)
		return;
	state = live_state_parse(jread_name(l, K_STATUS, buf));
	live->state = state < 0 ? LIVE_RUNS : (enum live_state)state;
	live->passes = jline_uint(l, K_PASSES);
	live->created = jline_uint(l, K_CREATED);
	live->thrown = jline_uint(l, K_THROWN);
	live->unsteady = jline_uint(l, K_UNSTEADY);
	live->sample_hz = (uint32_t)jline_uint(l, K_SAMPLE_HZ);
	live->samples_runtime = jline_uint(l, K_SAMPLES_RUNTIME);
	live->threads = (uint32_t)jline_uint(l, K_THREADS);
	live->procs = (uint32_t)jline_uint(l, K_PROCS);
}
