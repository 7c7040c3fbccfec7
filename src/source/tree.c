/* SPDX-License-Identifier: Apache-2.0 */
#include "source/tree.h"

#include <dirent.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/proc.h"

enum { PROCESSES_MOST = 65536, PATH_BYTES = 4096 };

/* --- what a program is --- */

/* go build leaves these sections also where it strips (cmd/link/internal/ld/data.go). */
static bool has_go_section(Elf *elf)
{
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	for (Elf_Scn *s = NULL; (s = elf_nextscn(elf, s));) {
		GElf_Shdr h;
		const char *name = gelf_getshdr(s, &h) ? elf_strptr(elf, names, h.sh_name) : NULL;

		if (name && (!strcmp(name, ".go.buildinfo") || strstr(name, ".gopclntab")))
			return true;
	}
	return false;
}

/* One without sections may be anything: whoever opens it will see. */
static bool may_be_go(int fd)
{
	Elf *elf;
	size_t n = 0;
	bool is;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	is = elf && elf_kind(elf) == ELF_K_ELF &&
	     (elf_getshdrnum(elf, &n) || !n || has_go_section(elf));
	elf_end(elf);
	return is;
}

/* GOROOT/bin/go and gofmt, GOROOT/pkg/tool/OS_ARCH/compile and its like. */
static bool is_toolchain(const char *path)
{
	const char *slash = strrchr(path, '/');
	char tools[PATH_BYTES + 16];

	if (strstr(path, "/pkg/tool/"))
		return true;
	if (!slash || (strcmp(slash, "/go") != 0 && strcmp(slash, "/gofmt") != 0))
		return false;
	snprintf(tools, sizeof(tools), "%.*s/../pkg/tool", (int)(slash - path), path);
	return access(tools, F_OK) == 0;
}

static enum tree_kind kind_of(struct tree *t, pid_t pid, const char *path)
{
	int fd = proc_open_exe(pid, NULL);
	enum tree_kind kind;
	struct stat st;

	if (fd < 0) /* it ends; else whoever opens it will say why that cannot be */
		return fd == -ENOENT || fd == -ESRCH ? TREE_OTHER : TREE_GO;
	if (fstat(fd, &st)) {
		close(fd);
		return TREE_OTHER;
	}
	for (size_t i = 0; i < t->file.n; i++)
		if (t->file.v[i].dev == st.st_dev && t->file.v[i].ino == st.st_ino) {
			close(fd);
			return t->file.v[i].kind;
		}
	kind = !may_be_go(fd) ? TREE_OTHER : is_toolchain(path) ? TREE_TOOLCHAIN : TREE_GO;
	close(fd);
	*vec_push(&t->file) = (struct tree_file){ st.st_dev, st.st_ino, kind };
	return kind;
}

/* --- who there is --- */

static void add(struct tree *t, pid_t pid, const struct tree *before)
{
	char path[PATH_BYTES] = "";
	struct tree_process p = { .pid = pid };
	struct proc_status s;
	bool deleted;

	if (t->process.n >= PROCESSES_MOST || proc_status_read(&s, pid, NULL))
		return;
	p.start_time = s.start_time;
	p.exec_mark = s.exec_mark;
	if (s.state == 'Z' || s.state == 'X') {
		*vec_push(&t->process) = p; /* for its children; it goes at the end */
		return;
	}
	for (size_t i = 0; i < before->process.n; i++) {
		const struct tree_process *old = &before->process.v[i];

		if (old->pid == pid && old->start_time == p.start_time && old->exec_mark &&
		    old->exec_mark == p.exec_mark) {
			*vec_push(&t->process) = *old;
			return;
		}
	}
	if (proc_exe_path(pid, path, sizeof(path), &deleted))
		path[0] = '\0';
	p.kind = kind_of(t, pid, path);
	snprintf(p.name, sizeof(p.name), "%.63s", *path ? strrchr(path, '/') + 1 : s.comm);
	*vec_push(&t->process) = p;
}

static void add_children_of_thread(struct tree *t, pid_t pid, pid_t tid, const struct tree *before)
{
	char name[64];
	FILE *f;
	int child;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", (int)pid, (int)tid);
	f = fopen(name, "re");
	if (!f)
		return;
	while (fscanf(f, "%d", &child) == 1)
		add(t, child, before);
	fclose(f);
}

static void add_children(struct tree *t, pid_t pid, const struct tree *before)
{
	struct proc_tids tids = { 0 };

	if (!proc_tids_read(&tids, pid))
		for (size_t i = 0; i < tids.tid.n; i++)
			add_children_of_thread(t, pid, tids.tid.v[i], before);
	vec_free(&tids.tid);
}

static bool is_below(const struct tree *t, pid_t root, pid_t ppid)
{
	if (ppid == root)
		return true;
	for (size_t i = 0; i < t->process.n; i++)
		if (t->process.v[i].pid == ppid)
			return true;
	return false;
}

static bool is_known(const struct tree *t, pid_t pid)
{
	for (size_t i = 0; i < t->process.n; i++)
		if (t->process.v[i].pid == pid)
			return true;
	return false;
}

/* Again and again, until nobody comes to those whose parent is among them. */
static void read_all(struct tree *t, pid_t root, const struct tree *before)
{
	size_t had;

	do {
		DIR *d = opendir("/proc");
		const struct dirent *e;

		had = t->process.n;
		while (d && (e = readdir(d))) {
			pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
			struct proc_status s;

			if (pid > 0 && pid != root && !is_known(t, pid) &&
			    !proc_status_read(&s, pid, NULL) && is_below(t, root, s.ppid))
				add(t, pid, before);
		}
		if (d)
			closedir(d);
	} while (t->process.n > had);
}

static bool has_children_files(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", (int)getpid());
	return access(name, R_OK) == 0;
}

void tree_read(struct tree *t, pid_t root)
{
	struct tree before = *t;
	size_t n = 0;

	memset(&t->process, 0, sizeof(t->process));
	if (has_children_files()) {
		add_children(t, root, &before);
		for (size_t i = 0; i < t->process.n; i++)
			add_children(t, t->process.v[i].pid, &before);
	} else {
		read_all(t, root, &before);
	}
	for (size_t i = 0; i < t->process.n; i++)
		if (*t->process.v[i].name)
			t->process.v[n++] = t->process.v[i];
	t->process.n = n;
	vec_free(&before.process);
}

void tree_release(struct tree *t)
{
	vec_free(&t->process);
	vec_free(&t->file);
}
