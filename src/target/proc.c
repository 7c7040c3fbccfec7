/* SPDX-License-Identifier: Apache-2.0 */
#include "target/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	MAPS_MAX = 256 << 20, /* bytes of a maps file that we believe */
	PF_KTHREAD = 0x00200000 /* include/linux/sched.h */
};

/* Reads a small file of /proc, NUL-terminated; its length or negative errno. */
static ssize_t read_small(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, buf + n, size - 1 - n);
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n < size - 1) || (got < 0 && errno == EINTR));
	got = got < 0 ? -errno : (ssize_t)n;
	close(fd);
	buf[n] = '\0';
	return got;
}

static int no_process(pid_t pid, int rc, struct err *err)
{
	if (rc == -ENOENT || rc == -ESRCH)
		return err_set(err, -ESRCH, EXIT_ATTACH, "there is no process %d", (int)pid);
	return err_set(err, rc, EXIT_ATTACH, "cannot read /proc/%d: %s", (int)pid, strerror(-rc));
}

/* The rest of the line that begins with key in text, or NULL. */
static const char *field(const char *text, const char *key)
{
	size_t n = strlen(key);

	while (text) {
		if (!strncmp(text, key, n))
			return text + n;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static uint64_t field_num(const char *text, const char *key, int base)
{
	const char *s = field(text, key);

	return s ? strtoull(s, NULL, base) : 0;
}

static void parse_ns_pids(struct proc_status *s, const char *line)
{
	s->ns_pid = s->tgid;
	s->ns_depth = 0;
	while (line && *line && *line != '\n') {
		char *end;
		long v = strtol(line, &end, 10);

		if (end == line)
			break;
		s->ns_pid = (pid_t)v;
		s->ns_depth++;
		line = end + strspn(end, "\t ");
	}
	if (!s->ns_depth)
		s->ns_depth = 1;
}

static void parse_status(struct proc_status *s, const char *text)
{
	const char *line = field(text, "Name:\t");
	const char *state = field(text, "State:\t");
	size_t n = line ? strcspn(line, "\n") : 0;

	n = n < sizeof(s->comm) - 1 ? n : sizeof(s->comm) - 1;
	memcpy(s->comm, line ? line : "", n);
	s->comm[n] = '\0';
	s->state = state ? *state : '?';
	s->tgid = (pid_t)field_num(text, "Tgid:", 10);
	s->ppid = (pid_t)field_num(text, "PPid:", 10);
	s->tracer = (pid_t)field_num(text, "TracerPid:", 10);
	s->threads = (uint32_t)field_num(text, "Threads:", 10);
	s->cap_permitted = field_num(text, "CapPrm:", 16);
	s->cap_effective = field_num(text, "CapEff:", 16);
	line = field(text, "Uid:");
	if (line)
		sscanf(line, "%u %u", &s->uid, &s->euid);
	s->gid = (gid_t)field_num(text, "Gid:", 10);
	parse_ns_pids(s, field(text, "NSpid:\t"));
}

/* Field numbers as in proc(5); the name in brackets may hold anything. */
static void parse_stat(struct proc_status *s, const char *text)
{
	const char *p = strrchr(text, ')');
	unsigned long long v[29] = { 0 };

	if (!p)
		return;
	p = strchr(p, ' ');
	for (int i = 3; p && i <= 28; i++) {
		v[i] = strtoull(p + 1, NULL, 10);
		p = strchr(p + 1, ' ');
	}
	s->kernel_thread = v[9] & PF_KTHREAD;
	s->start_time = v[22];
	s->exec_mark = v[28]; /* startstack: the kernel puts it elsewhere at each exec */
}

int proc_status_read(struct proc_status *s, pid_t pid, struct err *err)
{
	char path[64], text[8192];
	ssize_t n;

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = read_small(path, text, sizeof(text));
	if (n < 0)
		return no_process(pid, (int)n, err);
	parse_stat(s, text);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	n = read_small(path, text, sizeof(text));
	if (n < 0)
		return no_process(pid, (int)n, err);
	parse_status(s, text);
	return 0;
}

static bool parse_hex(const char **p, uint64_t *v, char stop)
{
	char *end;

	if (!isxdigit((unsigned char)**p))
		return false;
	*v = strtoull(*p, &end, 16);
	if (*end != stop)
		return false;
	*p = end + 1;
	return true;
}

/* One line without its newline: "start-end perms offset major:minor inode   path". */
static bool parse_map(struct proc_map *m, const char *line, const char **path)
{
	uint64_t major, minor;
	char *end;

	if (!parse_hex(&line, &m->start, '-') || !parse_hex(&line, &m->end, ' ') ||
	    strlen(line) < 5 || line[4] != ' ')
		return false;
	m->prot = (uint8_t)((line[0] == 'r' ? PROC_R : 0) | (line[1] == 'w' ? PROC_W : 0) |
			    (line[2] == 'x' ? PROC_X : 0) | (line[3] == 's' ? PROC_SHARED : 0));
	line += 5;
	if (!parse_hex(&line, &m->offset, ' ') || !parse_hex(&line, &major, ':') ||
	    !parse_hex(&line, &minor, ' '))
		return false;
	m->dev = major << 20 | minor;
	m->inode = strtoull(line, &end, 10);
	*path = end + strspn(end, " ");
	return m->start < m->end;
}

static uint32_t keep_path(struct proc_maps *m, const char *path)
{
	size_t n = strlen(path) + 1, at = m->text.n;
	const struct proc_map *last = m->map.n ? &m->map.v[m->map.n - 1] : NULL;

	if (n == 1)
		return 0;
	/* A file's mappings follow each other. */
	if (last && !strcmp(m->text.v + last->path, path))
		return last->path;
	vec_reserve(&m->text, at + n);
	memcpy(m->text.v + at, path, n);
	m->text.n += n;
	return (uint32_t)at;
}

void proc_maps_parse(struct proc_maps *m, const char *text, size_t len)
{
	char line[PATH_MAX + 256];
	const char *end = text + len;

	m->map.n = m->text.n = 0;
	*vec_push(&m->text) = '\0';
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((nl ? nl : end) - text);
		struct proc_map map = { 0 };
		const char *path;

		if (n < sizeof(line) && m->text.n < UINT32_MAX / 2) {
			memcpy(line, text, n);
			line[n] = '\0';
			if (parse_map(&map, line, &path) &&
			    (!m->map.n || m->map.v[m->map.n - 1].end <= map.start)) {
				map.path = keep_path(m, path);
				*vec_push(&m->map) = map;
			}
		}
		text += n + 1;
	}
}

int proc_maps_read(struct proc_maps *m, pid_t pid, struct err *err)
{
	VEC(char) text = { 0 };
	char path[64];
	ssize_t got = 0;
	int fd, rc = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return no_process(pid, -errno, err);
	do {
		text.n += (size_t)got;
		vec_reserve(&text, text.n + 65536);
		do {
			got = read(fd, text.v + text.n, text.cap - text.n);
		} while (got < 0 && errno == EINTR);
	} while (got > 0 && text.n < MAPS_MAX);
	if (got < 0)
		rc = no_process(pid, -errno, err);
	else if (!text.n)
		rc = err_set(err, -ESRCH, EXIT_GONE, "process %d has ended", (int)pid);
	else
		proc_maps_parse(m, text.v, text.n);
	close(fd);
	vec_free(&text);
	return rc;
}

void proc_maps_release(struct proc_maps *m)
{
	vec_free(&m->map);
	vec_free(&m->text);
}

const struct proc_map *proc_maps_find(const struct proc_maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->map.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->map.v[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->map.n && m->map.v[lo].start <= addr ? &m->map.v[lo] : NULL;
}

const char *proc_map_path(const struct proc_maps *m, const struct proc_map *map)
{
	return map->path < m->text.n ? m->text.v + map->path : "";
}

static int compare_tids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int proc_tids_read(struct proc_tids *t, pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	t->tid.n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	if (!d)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			*vec_push(&t->tid) = (pid_t)strtol(e->d_name, NULL, 10);
	closedir(d);
	if (!t->tid.n)
		return -ESRCH;
	qsort(t->tid.v, t->tid.n, sizeof(*t->tid.v), compare_tids);
	return 0;
}

uint64_t proc_memory(pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if (read_small(path, text, sizeof(text)) <= 0)
		return 0;
	return (field_num(text, "Pss:", 10) + field_num(text, "SwapPss:", 10)) * 1024;
}

uint64_t proc_auxv(pid_t pid, uint64_t type)
{
	uint64_t v[2 * 64] = { 0 };
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	n = read_small(path, (char *)v, sizeof(v));
	for (ssize_t i = 0; i + 1 < n / 8; i += 2)
		if (v[i] == type)
			return v[i + 1];
	return 0;
}

int proc_open_exe(pid_t pid, struct err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int rc = -errno;

		return err_set(err, rc, EXIT_ATTACH, "cannot open the executable of process %d: %s",
			       (int)pid, strerror(-rc));
	}
	return fd;
}

int proc_exe_path(pid_t pid, char *buf, size_t size, bool *deleted)
{
	static const char mark[] = " (deleted)";
	char path[64];
	ssize_t n;
	size_t cut;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, buf, size - 1);
	if (n < 0) {
		buf[0] = '\0';
		return -errno;
	}
	buf[n] = '\0';
	cut = (size_t)n >= sizeof(mark) - 1 ? (size_t)n - (sizeof(mark) - 1) : 0;
	*deleted = cut && !strcmp(buf + cut, mark);
	if (*deleted)
		buf[cut] = '\0';
	return 0;
}
