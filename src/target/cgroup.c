/* SPDX-License-Identifier: Apache-2.0 */
#include "target/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 1024 };

static bool file_read(const char *dir, const char *name, char buf[TEXT])
{
	char path[sizeof(((struct cgroup_cpu *)0)->dir) + 64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, TEXT - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool cgroup_value(const char *text, const char *key, uint64_t *v)
{
	size_t n = strlen(key);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, key, n) && at[n] == ' ') {
			*v = strtoull(at + n + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

/* cpu.max: "50000 100000", "max 100000"; cpu.cfs_quota_us: 50000, -1. 0: no limit. */
static double quota_of(const struct cgroup_cpu *c)
{
	char buf[TEXT], *end;
	double quota, period;

	if (!c->v1) {
		if (!file_read(c->dir, "cpu.max", buf) || !strncmp(buf, "max", 3))
			return 0;
		quota = strtod(buf, &end);
		period = strtod(end, NULL);
	} else {
		if (!file_read(c->dir, "cpu.cfs_quota_us", buf))
			return 0;
		quota = strtod(buf, NULL);
		period = file_read(c->dir, "cpu.cfs_period_us", buf) ? strtod(buf, NULL) : 0;
	}
	return quota > 0 && period > 0 ? quota / period : 0;
}

bool cgroup_read(const struct cgroup_cpu *c, struct cgroup_stat *s)
{
	char buf[TEXT];

	s->quota = quota_of(c);
	return s->quota > 0 && file_read(c->dir, "cpu.stat", buf) &&
	       cgroup_value(buf, "nr_periods", &s->periods) &&
	       cgroup_value(buf, "nr_throttled", &s->throttled);
}

/* --- where it is --- */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, ",\n"), at += *at == ',') {
		if (!strncmp(at, word, n) &&
		    (at[n] == ',' || at[n] == '\n' || !at[n] || at[n] == ':'))
			return true;
		if (*at == '\n')
			break;
	}
	return false;
}

/* Where the hierarchy with the controller "cpu" is mounted, and what of it: "36 35 98:0 /mnt1 /mnt2 rw - type source options". */
static bool mount_of(bool v1, char *at, char *root, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], type[32], options[512], what[256], where[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *tail = strstr(line, " - ");

		if (!tail || sscanf(line, "%*s %*s %*s %255s %255s", what, where) != 2 ||
		    sscanf(tail, " - %31s %*s %511s", type, options) != 2)
			continue;
		found = v1 ? !strcmp(type, "cgroup") && has_word(options, "cpu")
			   : !strcmp(type, "cgroup2");
	}
	if (f)
		fclose(f);
	if (found) {
		snprintf(at, size, "%s", where);
		snprintf(root, size, "%s", strcmp(what, "/") != 0 ? what : "");
	}
	return found;
}

/* Its path in that hierarchy: "4:cpu,cpuacct:/a/b", "0::/a/b". */
static bool path_of(pid_t pid, bool v1, char *path, size_t size)
{
	char name[64], line[1024];
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
	f = fopen(name, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *names = strchr(line, ':'), *at = names ? strchr(names + 1, ':') : NULL;

		if (!at)
			continue;
		*at++ = '\0';
		names++;
		found = v1 ? has_word(names, "cpu") : !*names;
		if (found) {
			at[strcspn(at, "\n")] = '\0';
			snprintf(path, size, "%s", at);
		}
	}
	if (f)
		fclose(f);
	return found;
}

/* From the process's own cgroup up to the mount: the tightest quota counts. */
static bool tightest(struct cgroup_cpu *c, char *dir, size_t mount_len)
{
	double least = 0, quota;
	struct cgroup_cpu at = { .v1 = c->v1 };
	char *slash;

	while (strlen(dir) >= mount_len) {
		snprintf(at.dir, sizeof(at.dir), "%s", dir);
		quota = quota_of(&at);
		if (quota > 0 && (!least || quota < least)) {
			least = quota;
			*c = at;
		}
		slash = strrchr(dir, '/');
		if (!slash || (size_t)(slash - dir) < mount_len)
			break;
		*slash = '\0';
	}
	return least > 0;
}

bool cgroup_find(struct cgroup_cpu *c, pid_t pid)
{
	char mount[256], root[256], path[512], dir[sizeof(c->dir)];

	for (int v1 = 0; v1 < 2; v1++) {
		const char *below = path;
		int n;

		*c = (struct cgroup_cpu){ .v1 = v1 };
		if (!mount_of(v1, mount, root, sizeof(mount)) ||
		    !path_of(pid, v1, path, sizeof(path)))
			continue;
		/* what is mounted may be a part of the hierarchy, as in a container */
		if (*root && !strncmp(path, root, strlen(root)))
			below += strlen(root);
		n = snprintf(dir, sizeof(dir), "%s%s", mount, strcmp(below, "/") != 0 ? below : "");
		if (n > 0 && (size_t)n < sizeof(dir) && tightest(c, dir, strlen(mount)))
			return true;
	}
	c->dir[0] = '\0';
	return false;
}
