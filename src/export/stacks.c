/* SPDX-License-Identifier: Apache-2.0 */
#include "export/stacks.h"

#include <stdlib.h>

bool stacks_read(struct stacks *s, struct export_request *r)
{
	*s = (struct stacks){ .keep = export_rows(r) };
	profile_want(&s->profile, r->world, r->t0, r->t1);
	if (r->world->t_end <= 0)
		r->note = "this is of one moment: no time passes in it";
	else if (s->profile.stamp && s->profile.cut)
		r->note = NOTE_FORGOTTEN;
	return s->profile.stamp;
}

static void choose(struct stacks *s, struct export_request *r, enum profile_time time,
		   enum profile_split by)
{
	s->choice = (struct profile_choice){
		.time = time,
		.by = by,
		.keep = s->keep,
		.n_keep = r->world->now.n,
		.system = r->system && !r->keep,
	};
	if (time == PROFILE_ON_CPU && !s->profile.samples && r->world->t_end > 0)
		r->note = "there are no CPU samples here: the time is that in the running state, "
			  "by the stack last known";
}

void stacks_pick(struct stacks *s, struct export_request *r, enum profile_time time,
		 enum profile_split by)
{
	choose(s, r, time, by);
	profile_pick_begin(&s->pick, &s->profile, r->world, &s->choice);
	profile_pick_step(&s->pick, 0);
}

void stacks_flame(struct stacks *s, struct export_request *r, enum profile_time time)
{
	choose(s, r, time, SPLIT_NONE);
	flame_release(&s->flame);
	flame_begin(&s->flame, &s->profile, r->world, &s->choice);
	flame_step(&s->flame, 0);
}

void stacks_release(struct stacks *s)
{
	flame_release(&s->flame);
	profile_pick_release(&s->pick);
	profile_release(&s->profile);
	free(s->keep);
	s->keep = NULL;
}
