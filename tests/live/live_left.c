/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stay behind of somebody who watched a process, for tests.
 *
 *	live_left text PID      bytes of its code that are not those of its file
 *	live_left newest        the newest ids: "PROG MAP LINK"
 *	live_left after P M L   BPF objects newer than those that no process has open, a line each
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- code --- */

static long differing(int mem, int exe, uint64_t at, uint64_t off, uint64_t n)
{
	static unsigned char a[65536], b[65536];
	long bad = 0;

	while (n) {
		size_t want = n < sizeof(a) ? n : sizeof(a);
		ssize_t got = pread(exe, b, want, (off_t)off);

		if (got <= 0) /* the last page reaches beyond the file */
			break;
		if (pread(mem, a, (size_t)got, (off_t)at) != got)
			return -1;
		for (ssize_t i = 0; i < got; i++)
			bad += a[i] != b[i];
		at += (uint64_t)got;
		off += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return bad;
}

static int text(const char *pid)
{
	char path[64], exe[4096], line[4400], perm[8], name[4096];
	uint64_t lo, hi, off;
	long sum = 0, seen = 0;
	int mem, file;
	ssize_t n;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	file = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (n < 0 || file < 0 || mem < 0 || !maps)
		return 1;
	exe[n] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		*name = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %4095[^\n]", &lo,
			   &hi, perm, &off, name) < 4 ||
		    perm[2] != 'x' || strcmp(name, exe) != 0)
			continue;
		n = differing(mem, file, lo, off, hi - lo);
		if (n < 0)
			return 1;
		sum += n;
		seen++;
	}
	printf("%ld\n", sum);
	return !seen;
}

/* --- BPF objects --- */

enum { KINDS = 3 };
static const char *const kinds[KINDS] = { "prog", "map", "link" };
static const int next_id[KINDS] = { BPF_PROG_GET_NEXT_ID, BPF_MAP_GET_NEXT_ID,
				    BPF_LINK_GET_NEXT_ID };

static bool next(int kind, uint32_t *id)
{
	union bpf_attr a = { .start_id = *id };

	if (syscall(SYS_bpf, next_id[kind], &a, sizeof(a))) {
		if (errno != ENOENT) {
			perror("bpf");
			exit(1);
		}
		return false;
	}
	*id = a.next_id;
	return true;
}

static void newest(uint32_t last[KINDS])
{
	for (int k = 0; k < KINDS; k++)
		for (last[k] = 0; next(k, &last[k]);)
			;
}

/* Ids above last[] that a process has open: by what fdinfo says. */
static struct {
	int kind;
	uint32_t id;
} held[65536];
static size_t n_held;

static void held_by_fd(const char *path)
{
	char line[256], word[32];
	FILE *f = fopen(path, "r");
	uint32_t id;

	while (f && fgets(line, sizeof(line), f))
		for (int k = 0; k < KINDS; k++) {
			snprintf(word, sizeof(word), "%s_id:", kinds[k]);
			if (strncmp(line, word, strlen(word)) != 0 || n_held == 65536)
				continue;
			id = (uint32_t)strtoul(line + strlen(word), NULL, 10);
			held[n_held].kind = k;
			held[n_held++].id = id;
		}
	if (f)
		fclose(f);
}

static void held_by_process(const char *pid)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, e->d_name);
		if (*e->d_name != '.')
			held_by_fd(path);
	}
	if (d)
		closedir(d);
}

static bool is_held(int kind, uint32_t id)
{
	for (size_t i = 0; i < n_held; i++)
		if (held[i].kind == kind && held[i].id == id)
			return true;
	return false;
}

static int after(char **argv)
{
	struct dirent *e;
	DIR *d = opendir("/proc");

	while (d && (e = readdir(d)))
		if (*e->d_name >= '1' && *e->d_name <= '9')
			held_by_process(e->d_name);
	if (d)
		closedir(d);
	for (int k = 0; k < KINDS; k++)
		for (uint32_t id = (uint32_t)strtoul(argv[k], NULL, 10); next(k, &id);)
			if (!is_held(k, id))
				printf("%s %u\n", kinds[k], id);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t last[KINDS];

	if (argc == 3 && !strcmp(argv[1], "text"))
		return text(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "after"))
		return after(argv + 2);
	if (argc != 2 || strcmp(argv[1], "newest") != 0)
		return 2;
	newest(last);
	printf("%u %u %u\n", last[0], last[1], last[2]);
	return 0;
}
