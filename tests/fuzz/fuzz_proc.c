/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of /proc: a process chooses its name, its files' names and its sockets' names, and a container's
 * /proc may be anybody's. The first byte says which file it is. What is static is taken in by its source.
 */
#include "../../src/target/objects_net.c"
#include "../../src/target/proc.c"
#include "target/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_maps(const char *text, size_t n)
{
	struct proc_maps m = { 0 };

	for (int twice = 0; twice < 2; twice++) {
		proc_maps_parse(&m, text, n);
		for (size_t i = 0; i < m.map.n; i++) {
			const struct proc_map *k = &m.map.v[i];

			if (k->start >= k->end || (i && m.map.v[i - 1].end > k->start))
				abort();
			if (proc_maps_find(&m, k->start) != k ||
			    proc_maps_find(&m, k->end - 1) != k)
				abort();
			if (strlen(proc_map_path(&m, k)) > PATH_MAX + 256)
				abort();
		}
	}
	proc_maps_release(&m);
}

static void check_sockets(struct objects *o, char *text)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		line_inode(l, false);
		line_inode(l, true);
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			uint32_t id = files[i].proto ? inet_text(o, files[i].proto, files[i].six, l)
						     : unix_text(o, l);

			if ((id & ~LISTENS) >= o->text.str.n)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_status s = { 0 };
	struct objects *o;
	uint64_t v;
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 5) {
	case 0:
		check_maps(text, size - 1);
		break;
	case 1:
		parse_status(&s, text);
		if (strlen(s.comm) >= sizeof(s.comm))
			abort();
		break;
	case 2:
		parse_stat(&s, text);
		break;
	case 3:
		o = calloc(1, sizeof(*o));
		strtab_init(&o->text);
		check_sockets(o, text);
		strtab_release(&o->text);
		free(o);
		break;
	default:
		cgroup_value(text, "nr_periods", &v);
		cgroup_value(text, "nr_throttled", &v);
	}
	free(text);
	return 0;
}
