/* SPDX-License-Identifier: ISC */
/* attach_serve.c - the attach socket of the supervisor: who gets in. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "attach_msg.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/attach_admit.h"
#include "daemon/attach_link.h"
#include "daemon/attach_serve.h"
#include "daemon/param.h"
#include "daemon/roles.h"
#include "rpc/peer.h"

#define TURN	 16  /* connections accepted before others get their turn */
#define PAUSE_MS 200 /* after an accept() that cannot succeed just now */

static struct {
	int fd;
	struct event *acceptable;
	struct event *resume;
} serve = { .fd = -1 };

/* ---- who gets in -------------------------------------------------------- */

/* 0, or < 0 and the rule that is against it. */
static int check_rules(const struct peer *peer, char why[ATTACH_WHY_SIZE])
{
	unsigned uid = (unsigned)peer->id.uid;
	long most = param_int(P_ATTACH_PROGRAMS);
	long per_uid = param_int(P_ATTACH_PROGRAMS_PER_UID);

	if (!roles_may_attach(&peer->id, &peer->groups)) {
		snprintf(why, ATTACH_WHY_SIZE,
		    "uid %u may not attach: name it in attach_users, or a "
		    "group of it in attach_groups, and restart kmemd",
		    uid);
		return -KM_EPERM;
	}
	if (attach_links_count_uid(peer->id.uid) >= (unsigned long)per_uid) {
		snprintf(why, ATTACH_WHY_SIZE,
		    "%ld programs of uid %u have attached, as many as "
		    "attach_programs_per_uid allows",
		    per_uid, uid);
		return -KM_ELIMIT;
	}
	if (attach_links_count() >= (unsigned long)most) {
		snprintf(why, ATTACH_WHY_SIZE,
		    "%ld programs have attached, as many as attach_programs "
		    "allows",
		    most);
		return -KM_ELIMIT;
	}
	return 0;
}

static void receive(int fd)
{
	char why[ATTACH_WHY_SIZE];
	struct peer peer;
	int rc;

	if (peer_read(fd, &peer) < 0) {
		close(fd);
		return;
	}
	rc = check_rules(&peer, why);
	if (rc == 0)
		attach_link_new(fd, peer.id.pid, peer.id.uid);
	else
		attach_refuse(fd, peer.id.pid, peer.id.uid, rc, why);
	peer_fini(&peer);
}

/* ---- accepting ---------------------------------------------------------- */

/* The socket stays readable, so looking at it again at once would spin. */
static void pause_accepting(void)
{
	LM_ERR("attach: cannot accept connections for now: %m: raise the limit "
	       "of open files, or lower attach_programs");
	event_del(serve.acceptable);
	event_add(serve.resume, &(struct timeval){ 0, PAUSE_MS * 1000 });
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	event_add(serve.acceptable, NULL);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	for (int i = 0; i < TURN; i++) {
		int sock =
		    accept4(serve.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (sock < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (sock < 0 && errno != EAGAIN)
			pause_accepting();
		if (sock < 0)
			return;
		receive(sock);
	}
}

static int start(struct event_base *base)
{
	serve.acceptable = event_new(
	    base, serve.fd, EV_READ | EV_PERSIST, on_acceptable, NULL);
	serve.resume = evtimer_new(base, on_resume, NULL);
	if (serve.acceptable == NULL || serve.resume == NULL ||
	    event_add(serve.acceptable, NULL) != 0)
		return -KM_ENOMEM;
	return 0;
}

int attach_serve_open(struct event_base *base, uid_t uid, gid_t gid)
{
	mode_t mode = (mode_t)param_int(P_ATTACH_SOCKET_MODE);
	int rc;

	if (param_string(P_ATTACH_SOCKET)[0] == '\0')
		return 0;
	rc = attach_admit_init();
	if (rc == 0)
		rc = rpc_listen_as(SOCK_SEQPACKET,
		    param_string(P_ATTACH_SOCKET), mode, uid, gid, &serve.fd);
	if (rc < 0)
		return rc;
	attach_links_init(base);
	rc = start(base);
	if (rc < 0) {
		LM_ERR("cannot listen on %s: %s", param_string(P_ATTACH_SOCKET),
		    km_strerror(rc));
		attach_serve_close();
	}
	return rc;
}

void attach_serve_close(void)
{
	if (serve.fd < 0)
		return;
	unlink(param_string(P_ATTACH_SOCKET));
	attach_serve_leave();
}

void attach_serve_leave(void)
{
	if (serve.fd < 0)
		return;
	if (serve.acceptable != NULL)
		event_free(serve.acceptable);
	if (serve.resume != NULL)
		event_free(serve.resume);
	serve.acceptable = serve.resume = NULL;
	close(serve.fd);
	serve.fd = -1;
	attach_links_fini();
	attach_admit_fini();
}
