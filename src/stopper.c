/* SPDX-License-Identifier: Apache-2.0 */
#include "stopper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void stopper_open(struct stopper *s, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0 && fd < 3) { /* 0 is none */
		s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
		fd = s->fd;
	}
	s->fd = fd < 0 ? 0 : fd;
	if (fd < 0)
		snprintf(s->why, sizeof(s->why), "process %d cannot be held (pidfd_open: %s)",
			 (int)pid, strerror(errno));
}

static int send_signal(struct stopper *s, int sig)
{
	if (syscall(SYS_pidfd_send_signal, s->fd, sig, NULL, 0))
		return -errno;
	if (sig == SIGSTOP && !s->stopped)
		s->since = now_ns();
	if (sig == SIGSTOP)
		s->stopped = true;
	if (sig == SIGCONT || sig == SIGKILL)
		s->stopped = false;
	return 0;
}

static void on_timer(uv_timer_t *t)
{
	struct stopper *s = t->data;
	char text[96];
	int rc;

	if (!s->stopped)
		return;
	rc = send_signal(s, SIGCONT);
	if (rc)
		snprintf(text, sizeof(text), "cannot let it go on: %s", strerror(-rc));
	else
		snprintf(text, sizeof(text), "it goes on: it was stopped for %.1f ms",
			 (double)(now_ns() - s->since) / 1e6);
	if (s->said)
		s->said(s->arg, rc != 0, text);
}

static void on_closed(uv_handle_t *h)
{
	((struct stopper *)h->data)->timed = false;
}

void stopper_loop(struct stopper *s, uv_loop_t *loop)
{
	if (loop) {
		uv_timer_init(loop, &s->timer);
		s->timer.data = s;
		s->timed = true;
		return;
	}
	s->said = NULL;
	if (s->timed)
		uv_close((uv_handle_t *)&s->timer, on_closed);
	while (s->timed)
		uv_run(s->timer.loop, UV_RUN_ONCE);
	if (s->fd && s->stopped)
		send_signal(s, SIGCONT);
}

void stopper_close(struct stopper *s)
{
	if (!s->fd)
		return;
	if (s->stopped)
		send_signal(s, SIGCONT);
	close(s->fd);
	s->fd = 0;
}

int stopper_send(struct stopper *s, int sig, struct err *err)
{
	int rc = s->fd ? send_signal(s, sig) : -EPERM;

	if (!s->fd)
		return err_set(err, rc, EXIT_USAGE, "%s",
			       *s->why ? s->why
				       : "signals are off: start bingo-top with --allow-stop");
	if (rc)
		return err_set(err, rc, EXIT_ATTACH, "the signal could not be sent: %s",
			       strerror(-rc));
	if (sig == SIGSTOP && s->ms && s->timed)
		uv_timer_start(&s->timer, on_timer, (uint64_t)s->ms, 0);
	return 0;
}
