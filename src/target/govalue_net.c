/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and connections of package net. */
#include <inttypes.h>
#include <string.h>

#include "target/govalue_impl.h"

enum { IP_MOST = 16, NET_TEXT = 256 };

/* false: no address, nor nil. */
static bool ip_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	uint64_t w[3];
	uint8_t ip[IP_MOST];

	if (v.t->kind != GOKIND_SLICE || valmem_read(g->vm, v.addr, w, sizeof(w)) ||
	    (w[1] != 4 && w[1] != 16) || valmem_read(g->vm, w[0], ip, w[1]))
		return false;
	gotext_ip(out, ip, w[1]);
	return true;
}

/* net.TCPAddr and UDPAddr: IP, Port, Zone */
static bool port_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	char buf[64] = "", zone[32] = "";
	struct gotext ip = { .buf = buf, .size = sizeof(buf) };
	struct gval f;
	uint64_t port, n;
	bool six;

	if (!gv_field(g, v, "Port", &f) || !gv_number(g, f, &port) || !gv_field(g, v, "IP", &f))
		return false;
	ip_text(g, f, &ip);
	if (gv_field(g, v, "Zone", &f))
		gv_string(g, f, zone, sizeof(zone), &n);
	six = strchr(buf, ':');
	gotext_printf(out, six ? "[%s%s%s]:%" PRIu64 : "%s%s%s:%" PRIu64, buf, *zone ? "%" : "",
		      zone, port);
	return true;
}

static bool ipaddr_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	struct gval f;

	return gv_field(g, v, "IP", &f) && ip_text(g, f, out);
}

static bool unix_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	char buf[128];
	struct gval f;
	uint64_t n;

	if (!gv_field(g, v, "Name", &f) || !gv_string(g, f, buf, sizeof(buf), &n))
		return false;
	gotext_str(out, n ? buf : "@");
	return true;
}

/* Text of the net.Addr that the interface v holds. */
static bool gv_addr_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	struct gval in, to;

	if (!gv_dynamic(g, v, &in))
		return false;
	if (gv_deref(g, in, &to))
		in = to;
	return gv_known_net(g, in, out) != KNOWN_NOT;
}

/* net.TCPConn and the like: "tcp LOCAL → REMOTE" */
static bool conn_text(struct govaluer *g, struct gval v, struct gotext *out)
{
	char net[16], buf[NET_TEXT] = "";
	struct gotext addr = { .buf = buf, .size = sizeof(buf) };
	struct gval fd, to, f;
	uint64_t n;

	if (!gv_field(g, v, "fd", &fd) || fd.t->kind != GOKIND_POINTER)
		return false;
	if (!valmem_word(g->vm, fd.addr, &n))
		return false;
	if (!n) {
		gotext_str(out, "closed");
		return true;
	}
	if (!gv_deref(g, fd, &to))
		return false;
	if (!gv_field(g, to, "net", &f) || !gv_string(g, f, net, sizeof(net), &n) ||
	    !gv_field(g, to, "laddr", &f))
		return false;
	gotext_str(out, net);
	if (gv_addr_text(g, f, &addr))
		gotext_printf(out, " %s", buf);
	addr.n = 0;
	*buf = '\0';
	if (gv_field(g, to, "raddr", &f) && gv_addr_text(g, f, &addr) && *buf)
		gotext_printf(out, " → %s", buf);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(struct govaluer *g, struct gval v, struct gotext *out);
} table[] = {
	{ "IP", ip_text },
	{ "TCPAddr", port_text },
	{ "UDPAddr", port_text },
	{ "IPAddr", ipaddr_text },
	{ "UnixAddr", unix_text },
	{ "TCPConn", conn_text },
	{ "UDPConn", conn_text },
	{ "UnixConn", conn_text },
	{ "IPConn", conn_text },
	{ "TCPListener", conn_text },
	{ "UnixListener", conn_text },
};

enum known gv_known_net(struct govaluer *g, struct gval v, struct gotext *out)
{
	if (strncmp(v.t->name, "net.", 4))
		return KNOWN_NOT;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, v.t->name + 4))
			return table[i].fn(g, v, out) ? KNOWN_TEXT : KNOWN_NOT;
	return KNOWN_NOT;
}
