/* SPDX-License-Identifier: ISC */
/* attach_link.c - the connections of programs that attach or have attached. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "attach_msg.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/attach_admit.h"
#include "daemon/attach_link.h"
#include "daemon/attach_peer.h"
#include "daemon/param.h"
#include "daemon/proc.h"
#include "daemon/reason.h"

#define QUIET_S	  10 /* between two log lines about refusals */
#define DRAIN_MAX 16 /* packets of somebody who has been refused */

struct attach_link {
	TAILQ_ENTRY(attach_link) entry;
	int fd; /* -1: it has hung up, but lives */
	struct attach_peer peer;
	struct event *readable;
	struct event *died;
	struct event *late; /* no HELLO in time */
	struct proc *proc;  /* NULL: waiting */
};

static struct {
	struct event_base *base;
	TAILQ_HEAD(, attach_link) links;
	unsigned count;
	time_t quiet_until; /* CLOCK_MONOTONIC, seconds */
	unsigned unlogged;
} attach;

/* ---- refusing ----------------------------------------------------------- */

static void log_refusal(pid_t pid, uid_t uid, const char *why)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < attach.quiet_until) {
		attach.unlogged++;
		return;
	}
	LM_WARN("attach: pid %d (uid %u) refused: %s; %u more refused before, "
		"unlogged",
	    (int)pid, (unsigned)uid, why, attach.unlogged);
	attach.unlogged = 0;
	attach.quiet_until = now.tv_sec + QUIET_S;
}

/*
 * What the program has sent and we have not read would have the kernel reset
 * the connection, and hide the answer from it.
 */
void attach_refuse(int fd, pid_t pid, uid_t uid, int rc, const char *why)
{
	struct attach_packet packet;
	struct attach_msg msg;

	log_refusal(pid, uid, why);
	attach_msg_refuse(&msg, rc, why);
	attach_msg_send(fd, &msg, -1);
	shutdown(fd, SHUT_RD);
	for (int i = 0;
	     i < DRAIN_MAX && attach_packet_receive(fd, &packet) == 0; i++)
		attach_packet_close(&packet);
	close(fd);
}

/* ---- a link ------------------------------------------------------------- */

static void free_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void hang_up(struct attach_link *link)
{
	free_event(&link->readable);
	free_event(&link->late);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static void link_free(struct attach_link *link)
{
	hang_up(link);
	free_event(&link->died);
	attach_peer_close(&link->peer);
	TAILQ_REMOVE(&attach.links, link, entry);
	attach.count--;
	free(link);
}

static void refuse(struct attach_link *link, int rc, const char *why)
{
	int fd = link->fd;

	link->fd = -1;
	attach_refuse(fd, link->peer.pid, link->peer.uid, rc, why);
	link_free(link);
}

static void gone(struct attach_link *link, const char *how)
{
	const struct proc *proc = link->proc;

	LM_INFO("attach: \"%s\" (pid %d, uid %u) %s", proc->desc,
	    (int)proc->pid, (unsigned)proc->uid, how);
	attach_dismiss(&link->proc);
	link_free(link);
}

/* ---- events ------------------------------------------------------------- */

static void on_died(evutil_socket_t fd, short what, void *arg)
{
	struct attach_link *link = arg;

	if (link->proc != NULL)
		gone(link, "has ended");
	else
		link_free(link);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	char why[ATTACH_WHY_SIZE];

	snprintf(why, sizeof(why), "no HELLO within %ld ms (attach_timeout_ms)",
	    param_int(P_ATTACH_TIMEOUT_MS));
	refuse(arg, -KM_ETIMEOUT, why);
}

/*
 * The connection is closed. By exec: what it had mapped is gone. By exit: the
 * pidfd will tell. Else somebody has closed a descriptor that is not his, and
 * the program may go on to allocate for as long as it lives.
 */
static void closed(struct attach_link *link)
{
	const struct proc *proc = link->proc;

	if (proc == NULL) {
		link_free(link);
		return;
	}
	hang_up(link);
	if (attach_peer_is_dead(&link->peer))
		gone(link, "has ended");
	else if (attach_peer_is_exiting(&link->peer))
		return;
	else if (proc->mem_fd >= 0 &&
		 attach_memory_is_gone(proc->mem_fd, proc->pkg_base))
		gone(link, "runs another program");
	else
		LM_WARN("attach: \"%s\" (pid %d, uid %u) has closed its "
			"connection without leaving: it is attached until it "
			"ends",
		    proc->desc, (int)proc->pid, (unsigned)proc->uid);
}

/* The same process may have run another program, or left, a moment ago. */
static struct attach_link *find_pid(const struct attach_link *except)
{
	struct attach_link *link;

	TAILQ_FOREACH(link, &attach.links, entry)
	if (link != except && link->proc != NULL &&
	    link->peer.pid == except->peer.pid)
		return link;
	return NULL;
}

static void on_packet(struct attach_link *link, struct attach_packet *packet);

static void receive(struct attach_link *link)
{
	struct attach_packet packet;
	int rc = attach_packet_receive(link->fd, &packet);

	if (rc == -KM_EBUSY)
		return;
	if (rc != 0)
		closed(link);
	else
		on_packet(link, &packet);
}

static void on_hello(struct attach_link *link, struct attach_packet *packet)
{
	struct attach_link *before = find_pid(link);
	char why[ATTACH_WHY_SIZE];
	struct attach_msg reply;
	int fd, rc;

	if (before != NULL && before->fd >= 0)
		receive(before);
	else if (before != NULL)
		/* A process does not ask twice: it has left, unheard. */
		gone(before, "has left");
	rc = attach_admit(&link->peer, packet, &link->proc, &reply, &fd, why);
	attach_packet_close(packet);
	if (rc != 0) {
		refuse(link, rc, why);
		return;
	}
	free_event(&link->late);
	LM_INFO("attach: \"%s\" (pid %d, uid %u) has attached",
	    link->proc->desc, (int)link->proc->pid, (unsigned)link->proc->uid);
	/* One that does not take it hangs up, or does nothing. */
	attach_msg_send(link->fd, &reply, fd);
}

static void on_packet(struct attach_link *link, struct attach_packet *packet)
{
	static const struct attach_names names = { "kmemd", "the program" };
	char why[ATTACH_WHY_SIZE];
	bool leaves;

	if (link->proc == NULL) {
		on_hello(link, packet);
		return;
	}
	leaves =
	    attach_msg_check(&packet->msg, packet->len, &names, why) == 0 &&
	    packet->msg.head.type == ATTACH_LEAVE;
	attach_packet_close(packet);
	if (leaves)
		gone(link, "has left");
	else
		closed(link);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	receive(arg);
}

/* ---- all of them -------------------------------------------------------- */

static int watch(struct attach_link *link)
{
	long ms = param_int(P_ATTACH_TIMEOUT_MS);
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	link->readable = event_new(
	    attach.base, link->fd, EV_READ | EV_PERSIST, on_readable, link);
	link->died =
	    event_new(attach.base, link->peer.pidfd, EV_READ, on_died, link);
	link->late = evtimer_new(attach.base, on_late, link);
	if (link->readable == NULL || link->died == NULL ||
	    link->late == NULL || event_add(link->readable, NULL) != 0 ||
	    event_add(link->died, NULL) != 0 ||
	    event_add(link->late, &limit) != 0)
		return -KM_ENOMEM;
	return 0;
}

void attach_link_new(int fd, pid_t pid, uid_t uid)
{
	struct attach_link *link = calloc(1, sizeof(*link));
	int rc;

	if (link == NULL) {
		attach_refuse(
		    fd, pid, uid, -KM_ENOMEM, "kmemd is out of memory");
		return;
	}
	link->fd = fd;
	TAILQ_INSERT_TAIL(&attach.links, link, entry);
	attach.count++;
	rc = attach_peer_open(fd, pid, uid, &link->peer);
	if (rc == 0)
		rc = watch(link);
	if (rc != 0)
		refuse(link, rc, reason(rc));
}

void attach_link_adopt(
    int pidfd, pid_t pid, uid_t uid, uint32_t slot, const char *desc)
{
	struct attach_link *link = calloc(1, sizeof(*link));

	if (link == NULL) {
		close(pidfd);
		return;
	}
	link->fd = -1;
	link->peer =
	    (struct attach_peer){ .pid = pid, .uid = uid, .pidfd = pidfd };
	TAILQ_INSERT_TAIL(&attach.links, link, entry);
	attach.count++;
	link->died = event_new(attach.base, pidfd, EV_READ, on_died, link);
	if (attach_readmit(&link->peer, slot, desc, &link->proc) != 0 ||
	    link->died == NULL || event_add(link->died, NULL) != 0) {
		LM_ERR("cannot watch \"%s\" (pid %d, uid %u): out of memory",
		    desc, (int)pid, (unsigned)uid);
		if (link->proc != NULL)
			proc_remove(&link->proc);
		link_free(link);
		return;
	}
	LM_NOTICE("attach: \"%s\" (pid %d, uid %u) was there before us, and "
		  "is watched again",
	    desc, (int)pid, (unsigned)uid);
}

unsigned attach_links_count(void)
{
	return attach.count;
}

unsigned attach_links_count_uid(uid_t uid)
{
	const struct attach_link *link;
	unsigned n = 0;

	TAILQ_FOREACH(link, &attach.links, entry)
	n += link->peer.uid == uid;
	return n;
}

void attach_links_init(struct event_base *base)
{
	attach.base = base;
	attach.count = 0;
	TAILQ_INIT(&attach.links);
}

void attach_links_fini(void)
{
	struct attach_link *link;

	while ((link = TAILQ_FIRST(&attach.links)) != NULL) {
		if (link->proc != NULL)
			proc_remove(&link->proc);
		link_free(link);
	}
}
