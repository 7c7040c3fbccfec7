/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the target: what they are, and for sockets both addresses. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/objects_priv.h"

enum {
	TCP_LISTEN = 10, /* include/net/tcp_states.h */
	FILE_MOST = 8 << 20, /* of /proc/PID/net/tcp that is read */
	UNIX_ACCEPTS = 1 << 16, /* __SO_ACCEPTCON */
	LISTENS = 1u << 31, /* beside a string id */
	LINKS_MOST = 512, /* /proc/PID/fd/N read in a look */
	LOOKS_APART =
		4, /* two readings of /proc/PID/net: the kernel walks all of its tables for them */
	KEPT_MOST = 1 << 17,
};

static char *file_read(struct objects *o, const char *name)
{
	char path[64], *text = xmalloc(FILE_MOST + 1);
	size_t n = 0;
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)o->t->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < FILE_MOST && (got = read(fd, text + n, FILE_MOST - n)) > 0)
		n += (size_t)got;
	if (fd >= 0)
		close(fd);
	text[n] = '\0';
	return text;
}

/* "0100007F:1F90"; net/ipv4/tcp_ipv4.c prints words of the machine's own order. */
static void address_text(const char *hex, bool six, char *out, size_t size)
{
	uint32_t w[4] = { 0 };
	unsigned port = 0;
	char ip[INET6_ADDRSTRLEN] = "?";
	int n = six ? sscanf(hex, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%x", &w[0],
			     &w[1], &w[2], &w[3], &port)
		    : sscanf(hex, "%8" SCNx32 ":%x", &w[0], &port);

	if (n != (six ? 5 : 2)) {
		snprintf(out, size, "?");
		return;
	}
	inet_ntop(six ? AF_INET6 : AF_INET, w, ip, sizeof(ip));
	snprintf(out, size, six ? "[%s]:%u" : "%s:%u", ip, port);
}

static void inet_line(struct objects *o, const char *proto, bool six, const char *line)
{
	char local[48], remote[48], from[64], to[64];
	unsigned state;
	uint64_t inode;
	uint32_t id;
	bool listens;

	if (sscanf(line, " %*d: %47s %47s %x %*s %*s %*s %*u %*u %" SCNu64, local, remote, &state,
		   &inode) != 4 ||
	    !inode)
		return;
	address_text(local, six, from, sizeof(from));
	address_text(remote, six, to, sizeof(to));
	listens = state == TCP_LISTEN && !strncmp(proto, "tcp", 3);
	if (listens || strspn(remote, "0:") == strlen(remote))
		id = objects_str(o, "%s %s", proto, from);
	else
		id = objects_str(o, "%s %s -> %s", proto, from, to);
	map64_put(&o->inode, inode, listens ? id | LISTENS : id);
}

/* net/unix/af_unix.c:unix_seq_show: Num RefCount Protocol Flags Type St Inode Path */
static void unix_line(struct objects *o, const char *line)
{
	unsigned flags;
	uint64_t inode;
	int at = 0;
	uint32_t id;

	if (sscanf(line, "%*x: %*x %*x %x %*x %*x %" SCNu64 "%n", &flags, &inode, &at) != 2 ||
	    !at || !inode)
		return;
	line += at;
	line += strspn(line, " ");
	id = objects_str(o, *line ? "unix %s" : "unix", line);
	map64_put(&o->inode, inode, flags & UNIX_ACCEPTS ? id | LISTENS : id);
}

static void lines_read(struct objects *o, const char *name, const char *proto, bool six)
{
	char *text = file_read(o, name), *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (proto)
			inet_line(o, proto, six, l);
		else
			unix_line(o, l);
	}
	free(text);
}

static void sockets_read(struct objects *o)
{
	if (o->inode.n > KEPT_MOST)
		map64_clear(&o->inode);
	o->sockets_look = o->look;
	lines_read(o, "tcp", "tcp", false);
	lines_read(o, "tcp6", "tcp", true);
	lines_read(o, "udp", "udp", false);
	lines_read(o, "udp6", "udp", true);
	lines_read(o, "unix", NULL, false);
}

/* Id of the text, with LISTENS; 0: not known yet. */
static uint32_t fd_text(struct objects *o, int fd)
{
	char path[64], link[512];
	uint64_t inode;
	uint32_t id;
	ssize_t n;

	if (o->links++ >= LINKS_MOST)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)o->t->pid, fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0)
		return 0;
	link[n] = '\0';
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
		return objects_str(o, "%s", link);
	id = map64_get(&o->inode, inode);
	if (id == UINT32_MAX && (!o->sockets_look || o->look - o->sockets_look >= LOOKS_APART)) {
		sockets_read(o);
		id = map64_get(&o->inode, inode);
		if (id == UINT32_MAX) /* of a kind that is not listed */
			id = objects_str(o, "%s", link);
	}
	return id == UINT32_MAX ? 0 : id;
}

uint32_t net_text(struct objects *o, int fd, uint64_t key, bool *listens)
{
	uint64_t at = hash_u64(key) ^ (uint64_t)fd;
	uint32_t id = map64_get(&o->fd_text, at);

	if (id == UINT32_MAX) {
		id = fd_text(o, fd);
		if (o->fd_text.n > KEPT_MOST)
			map64_clear(&o->fd_text);
		if (id)
			map64_put(&o->fd_text, at, id);
	}
	*listens = id & LISTENS;
	return id & ~LISTENS;
}
