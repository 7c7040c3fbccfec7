/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/cgroup.h"
#include "target/proc.h"

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_file(const char *dir, const char *name)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

/* Both versions' files as the kernel writes them, and those of a cgroup that has gone. */
static void test_cgroup(void **state)
{
	struct cgroup_cpu two = { .dir = "/tmp/bingo-cgroup-XXXXXX" }, one = { .v1 = true };
	struct cgroup_stat s;
	uint64_t v;

	(void)state;
	assert_true(cgroup_value("nr_periods 12\nnr_throttled 7\n", "nr_throttled", &v));
	assert_int_equal(v, 7);
	assert_false(cgroup_value("nr_throttled_x 7\n", "nr_throttled", &v));
	assert_non_null(mkdtemp(two.dir));
	assert_false(cgroup_read(&two, &s));
	put_file(two.dir, "cpu.stat", "usage_usec 99\nnr_periods 40\nnr_throttled 30\n");
	put_file(two.dir, "cpu.max", "max 100000\n");
	assert_false(cgroup_read(&two, &s));
	put_file(two.dir, "cpu.max", "50000 100000\n");
	assert_true(cgroup_read(&two, &s));
	assert_int_equal((int)(s.quota * 1000), 500);
	assert_int_equal(s.periods, 40);
	assert_int_equal(s.throttled, 30);
	snprintf(one.dir, sizeof(one.dir), "%s", two.dir);
	put_file(one.dir, "cpu.cfs_quota_us", "-1\n");
	put_file(one.dir, "cpu.cfs_period_us", "100000\n");
	assert_false(cgroup_read(&one, &s));
	put_file(one.dir, "cpu.cfs_quota_us", "250000\n");
	assert_true(cgroup_read(&one, &s));
	assert_int_equal((int)(s.quota * 1000), 2500);
	remove_file(one.dir, "cpu.cfs_quota_us");
	remove_file(one.dir, "cpu.cfs_period_us");
	remove_file(one.dir, "cpu.max");
	remove_file(one.dir, "cpu.stat");
	rmdir(one.dir);
	cgroup_find(&two, getpid());
	assert_false(cgroup_find(&two, 0x7ffffff0));
}

static void test_maps(void **state)
{
	static const char text[] =
		"00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/a b (deleted)\n"
		"00651000-00652000 r--p 00051000 08:02 173521      /usr/bin/a b (deleted)\n"
		"nonsense\n"
		"00600000-00601000 rw-p 00000000 00:00 0 \n" /* goes back: left out */
		"00e03000-00e24000 rw-p 00000000 00:00 0           [heap]\n"
		"7fff0000-7fff0000 rw-p 00000000 00:00 0\n"
		"ffffffffff600000-ffffffffff601000 --xs 00000000 fd:10 7 x";
	struct proc_maps m = { 0 };
	const struct proc_map *p;

	(void)state;
	proc_maps_parse(&m, text, strlen(text));
	assert_int_equal(m.map.n, 4);
	p = proc_maps_find(&m, 0x400000);
	assert_int_equal(p->prot, PROC_R | PROC_X);
	assert_int_equal(p->offset, 0x1000);
	assert_int_equal(p->inode, 173521);
	assert_int_equal(p->dev, 8 << 20 | 2);
	assert_string_equal(proc_map_path(&m, p), "/usr/bin/a b (deleted)");
	assert_ptr_equal(proc_maps_find(&m, 0x451fff), p);
	assert_null(proc_maps_find(&m, 0x452000));
	assert_null(proc_maps_find(&m, 0x3fffff));
	assert_null(proc_maps_find(&m, 0x600000));
	assert_string_equal(proc_map_path(&m, proc_maps_find(&m, 0xe03001)), "[heap]");
	p = proc_maps_find(&m, 0xffffffffff600000);
	assert_int_equal(p->prot, PROC_X | PROC_SHARED);
	proc_maps_parse(&m, "", 0);
	assert_int_equal(m.map.n, 0);
	assert_int_equal(proc_maps_read(&m, getpid(), NULL), 0);
	assert_non_null(proc_maps_find(&m, (uintptr_t)test_maps));
	proc_maps_release(&m);
}

static void test_self(void **state)
{
	struct proc_status s;
	struct proc_tids t = { 0 };
	char path[4096], want[4096];
	bool deleted = true;
	ssize_t n;

	(void)state;
	assert_int_equal(proc_status_read(&s, getpid(), NULL), 0);
	assert_string_equal(s.comm, "test_target_pro");
	assert_int_equal(s.tgid, getpid());
	assert_int_equal(s.ppid, getppid());
	assert_int_equal(s.euid, geteuid());
	assert_int_equal(s.threads, 1);
	assert_true(s.start_time > 0 && s.exec_mark > 0 && s.ns_depth >= 1 && !s.kernel_thread);
	assert_int_equal(proc_tids_read(&t, getpid()), 0);
	assert_int_equal(t.tid.n, 1);
	assert_int_equal(t.tid.v[0], getpid());
	vec_free(&t.tid);
	assert_int_equal(proc_auxv(getpid(), AT_PHDR), getauxval(AT_PHDR));
	assert_int_equal(proc_auxv(getpid(), 12345), 0);
	n = readlink("/proc/self/exe", want, sizeof(want) - 1);
	want[n] = '\0';
	assert_int_equal(proc_exe_path(getpid(), path, sizeof(path), &deleted), 0);
	assert_string_equal(path, want);
	assert_false(deleted);
}

static void test_nobody(void **state)
{
	struct proc_access a;
	struct proc_status s;
	struct proc_maps m = { 0 };
	struct proc_tids t = { 0 };
	struct err err = { 0 };
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	assert_int_equal(proc_status_read(&s, pid, NULL), 0);
	assert_int_equal(s.state, 'Z');
	assert_int_equal(proc_maps_read(&m, pid, NULL), -ESRCH);
	assert_int_equal(proc_access_check(&a, pid, &err), -ESRCH);
	assert_int_equal(a.why, PROC_ZOMBIE);
	waitpid(pid, NULL, 0);
	assert_int_equal(proc_status_read(&s, pid, &err), -ESRCH);
	assert_int_equal(proc_tids_read(&t, pid), -ESRCH);
	err_clear(&err);
	assert_int_equal(proc_access_check(&a, pid, &err), -ESRCH);
	assert_non_null(strstr(err.text, "there is no process"));
	assert_int_equal(err.code, EXIT_ATTACH);
	proc_maps_release(&m);
}

static void test_access_self(void **state)
{
	struct proc_access a;

	(void)state;
	assert_int_equal(proc_access_check(&a, getpid(), NULL), 0);
	assert_int_equal(a.why, PROC_OK);
	assert_string_equal(a.sentence, "");
	assert_string_equal(a.command, "");
}

static void test_explain(void **state)
{
	static const struct proc_access_facts base = { .pid = 7,
						       .found = true,
						       .dumpable = true,
						       .same_userns = true,
						       .target_uid = 1000,
						       .target_euid = 1000,
						       .our_euid = 1000,
						       .host = "web-1" };
	static const struct {
		enum proc_hindrance why;
		const char *says, *command;
	} want[] = {
		{ PROC_YAMA, "ptrace_scope is 1", "sudo bingo-top 7" },
		{ PROC_OTHER_USER, "belongs to user 0 and we are user 1000", "sudo bingo-top 7" },
		{ PROC_NONDUMP, "not dumpable", "sudo bingo-top 7" },
		{ PROC_YAMA, "until the next boot", "" },
		{ PROC_LSM, "security module",
		  "docker run -it --rm --cap-add=SYS_PTRACE --security-opt "
		  "apparmor=unconfined --pid=container:web-1 IMAGE bingo-top 7" },
		{ PROC_USERNS, "another user namespace",
		  "kubectl debug -it web-1 --profile=sysadmin "
		  "--target=CONTAINER --image=IMAGE -- bingo-top 7" },
		{ PROC_OK, "", "" },
		{ PROC_KERNEL, "kernel", "" },
		{ PROC_LSM, "security module", "" },
	};
	struct proc_access_facts f[9];
	struct proc_access a;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		f[i] = base;
	f[0].yama_scope = 1;
	f[1].target_uid = f[1].target_euid = 0;
	f[2].dumpable = false;
	f[2].yama_scope = 1;
	f[3].yama_scope = 3;
	f[4].our_euid = 0;
	f[4].our_caps = 1ull << 19;
	f[4].container = true;
	f[5].our_euid = f[5].target_uid = f[5].target_euid = 0;
	f[5].target_caps = 1ull << 21;
	f[5].container = f[5].kubernetes = true;
	f[6].readable = true;
	f[7].kernel_thread = true;
	f[8].our_euid = 0;
	f[8].our_caps = ~0ull;
	for (size_t i = 0; i < 9; i++) {
		proc_access_explain(&a, &f[i]);
		assert_int_equal(a.why, want[i].why);
		assert_non_null(strstr(a.sentence, want[i].says));
		assert_string_equal(a.command, want[i].command);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup),	    cmocka_unit_test(test_maps),
		cmocka_unit_test(test_self),	    cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_access_self), cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
