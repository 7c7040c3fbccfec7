/* SPDX-License-Identifier: Apache-2.0 */
/* Why a process cannot be read, and the command that mends it (man ptrace, "access mode checking"). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/proc.h"

#define CAP_SYS_PTRACE_BIT (1ull << 19)

static bool file_has(const char *path, const char *word)
{
	char text[4096];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return strstr(text, word);
}

static bool in_kubernetes(void)
{
	return getenv("KUBERNETES_SERVICE_HOST") ||
	       !access("/var/run/secrets/kubernetes.io", F_OK) ||
	       file_has("/proc/1/cgroup", "kubepods");
}

static bool in_container(void)
{
	return !access("/.dockerenv", F_OK) || !access("/run/.containerenv", F_OK) ||
	       getenv("container") || file_has("/proc/1/cgroup", "docker") ||
	       file_has("/proc/1/cgroup", "containerd");
}

static int yama_scope(void)
{
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int v = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

static bool same_userns(pid_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	/* Not to be seen is no proof of another one. */
	if (stat("/proc/self/ns/user", &ours) || stat(path, &theirs))
		return true;
	return ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

/* /proc/PID belongs to root where the process is not dumpable (man proc). */
static bool is_dumpable(pid_t pid, uid_t euid)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) || st.st_uid == euid;
}

static bool can_open_mem(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void gather(struct proc_access_facts *f, const struct proc_status *s, pid_t pid)
{
	struct proc_status self;

	f->zombie = s->state == 'Z' || s->state == 'X';
	f->kernel_thread = s->kernel_thread;
	f->target_uid = s->uid;
	f->target_euid = s->euid;
	f->target_caps = s->cap_permitted;
	f->our_euid = geteuid();
	if (!proc_status_read(&self, getpid(), NULL))
		f->our_caps = self.cap_effective;
	f->dumpable = is_dumpable(pid, s->euid);
	f->same_userns = same_userns(pid);
	f->readable = !f->zombie && !f->kernel_thread && can_open_mem(pid);
	f->yama_scope = yama_scope();
	f->kubernetes = in_kubernetes();
	f->container = f->kubernetes || in_container();
	if (gethostname(f->host, sizeof(f->host) - 1))
		snprintf(f->host, sizeof(f->host), "NAME");
}

static enum proc_hindrance find_why(const struct proc_access_facts *f)
{
	bool capable = f->our_caps & CAP_SYS_PTRACE_BIT;

	if (!f->found)
		return PROC_GONE;
	if (f->zombie)
		return PROC_ZOMBIE;
	if (f->kernel_thread)
		return PROC_KERNEL;
	if (f->readable)
		return PROC_OK;
	if (f->yama_scope == 3)
		return PROC_YAMA;
	if (capable)
		return f->same_userns ? PROC_LSM : PROC_USERNS;
	if (f->target_uid != f->our_euid || f->target_euid != f->our_euid)
		return PROC_OTHER_USER;
	if (!f->dumpable)
		return PROC_NONDUMP;
	if (!f->same_userns || (f->target_caps & ~f->our_caps))
		return PROC_USERNS;
	return f->yama_scope > 0 ? PROC_YAMA : PROC_LSM;
}

static void say(struct proc_access *a, const struct proc_access_facts *f)
{
	int pid = (int)f->pid;
	char *s = a->sentence;
	size_t n = sizeof(a->sentence);

	switch (a->why) {
	case PROC_OK:
		break;
	case PROC_GONE:
		snprintf(s, n, "there is no process %d", pid);
		break;
	case PROC_ZOMBIE:
		snprintf(s, n, "process %d has ended and waits for its parent to notice", pid);
		break;
	case PROC_KERNEL:
		snprintf(s, n, "process %d is a thread of the kernel", pid);
		break;
	case PROC_OTHER_USER:
		snprintf(s, n,
			 "process %d belongs to user %u and we are user %u without CAP_SYS_PTRACE",
			 pid, (unsigned)f->target_euid, (unsigned)f->our_euid);
		break;
	case PROC_YAMA:
		if (f->yama_scope == 3)
			snprintf(s, n,
				 "kernel.yama.ptrace_scope is 3: no process may be read until "
				 "the next boot");
		else
			snprintf(s, n,
				 "kernel.yama.ptrace_scope is %d and CAP_SYS_PTRACE is missing",
				 f->yama_scope);
		break;
	case PROC_NONDUMP:
		snprintf(s, n,
			 "process %d is not dumpable (set-uid, file capabilities or prctl), which "
			 "takes CAP_SYS_PTRACE",
			 pid);
		break;
	case PROC_USERNS:
		snprintf(s, n,
			 "process %d lives in another user namespace or has capabilities that we "
			 "have not",
			 pid);
		break;
	case PROC_LSM:
		snprintf(s, n,
			 "a security module (seccomp, AppArmor, SELinux) refuses the memory of "
			 "process %d",
			 pid);
		break;
	}
}

/* What is missing in a container is given when it is made, not within. */
static void command_container(struct proc_access *a, const struct proc_access_facts *f)
{
	if (f->kubernetes)
		snprintf(a->command, sizeof(a->command),
			 "kubectl debug -it %.128s --profile=sysadmin --target=CONTAINER "
			 "--image=IMAGE "
			 "-- bingo-top %d",
			 f->host, (int)f->pid);
	else
		snprintf(a->command, sizeof(a->command),
			 "docker run -it --rm --cap-add=SYS_PTRACE --security-opt "
			 "apparmor=unconfined "
			 "--pid=container:%.128s IMAGE bingo-top %d",
			 f->host, (int)f->pid);
}

static void command(struct proc_access *a, const struct proc_access_facts *f)
{
	bool root = f->our_euid == 0;

	a->command[0] = '\0';
	switch (a->why) {
	case PROC_OK:
	case PROC_GONE:
	case PROC_ZOMBIE:
	case PROC_KERNEL:
		return;
	case PROC_YAMA:
		if (f->yama_scope == 3)
			return;
		break;
	case PROC_LSM:
	case PROC_USERNS:
		/* Root in a host's own namespace has nothing more to ask for. */
		if (root && !f->container)
			return;
		break;
	case PROC_OTHER_USER:
	case PROC_NONDUMP:
		break;
	}
	if (f->container)
		command_container(a, f);
	else if (a->why == PROC_YAMA && root)
		snprintf(a->command, sizeof(a->command), "sysctl -w kernel.yama.ptrace_scope=0");
	else
		snprintf(a->command, sizeof(a->command), "sudo bingo-top %d", (int)f->pid);
}

void proc_access_explain(struct proc_access *a, const struct proc_access_facts *f)
{
	a->why = find_why(f);
	a->yama_scope = f->yama_scope;
	a->container = f->container;
	a->kubernetes = f->kubernetes;
	a->sentence[0] = '\0';
	say(a, f);
	command(a, f);
}

int proc_access_check(struct proc_access *a, pid_t pid, struct err *err)
{
	struct proc_access_facts f = { .pid = pid };
	struct proc_status s;
	int rc;

	memset(a, 0, sizeof(*a));
	rc = proc_status_read(&s, pid, NULL);
	if (rc &&
	    rc != -ESRCH) { /* a limit of ours, or an error: that says nothing of the process */
		a->why = PROC_LSM;
		snprintf(a->sentence, sizeof(a->sentence), "cannot read /proc/%d: %s", (int)pid,
			 strerror(-rc));
		return err_set(err, rc, EXIT_ATTACH, "%s", a->sentence);
	}
	f.found = !rc;
	if (f.found) {
		gather(&f, &s, pid);
		a->stopped = s.state == 'T' || s.state == 't';
		a->tracer = s.tracer;
	}
	proc_access_explain(a, &f);
	a->may_trace = a->why == PROC_OK && !a->tracer;
	if (a->why == PROC_OK)
		return 0;
	return err_set(err, a->why == PROC_GONE || a->why == PROC_ZOMBIE ? -ESRCH : -EPERM,
		       EXIT_ATTACH, "%s%s%s", a->sentence, a->command[0] ? "; this mends it: " : "",
		       a->command);
}
