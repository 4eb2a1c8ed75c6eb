/* SPDX-License-Identifier: ISC */
/* chan.c - the control channel between the supervisor and a worker. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/chan.h"

struct chan {
	struct event *readable;
	const struct chan_ops *ops;
	void *arg;
	int fd;
};

struct message {
	uint32_t type; /* enum chan_type */
	char text[CHAN_TEXT_SIZE];
};

const char *const chan_type_names[] = {
	"ready",
	"desc",
	"stop",
	"log reopen",
};
static_assert(
    sizeof(chan_type_names) / sizeof(chan_type_names[0]) == CHAN_TYPE__COUNT,
    "a name for each message");

int chan_pair(int fd[2])
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	return socketpair(AF_UNIX, type, 0, fd) == 0 ? 0 : -KM_ESYS;
}

static void closed(struct chan *chan)
{
	event_del(chan->readable);
	if (chan->ops->closed != NULL)
		chan->ops->closed(chan->arg);
}

/* The handler may free the channel: nothing of it is used afterwards. */
static void deliver(struct chan *chan, struct message *msg)
{
	msg->text[sizeof(msg->text) - 1] = '\0';
	if (msg->type >= CHAN_TYPE__COUNT) {
		LM_BUG(
		    "control channel: message of unknown type %u", msg->type);
		return;
	}
	if (chan->ops->on[msg->type] == NULL) {
		LM_BUG("control channel: message \"%s\" came to the wrong end",
		    chan_type_names[msg->type]);
		return;
	}
	chan->ops->on[msg->type](chan->arg, msg->text);
}

/* One message at a time: the event is level-triggered and comes again. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct chan *chan = arg;
	struct message msg;
	ssize_t n;

	n = recv(fd, &msg, sizeof(msg), 0);
	if (n == (ssize_t)sizeof(msg))
		deliver(chan, &msg);
	else if (n > 0)
		LM_BUG("control channel: message of %zd bytes", n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		closed(chan);
}

int chan_new(struct event_base *base, int fd, const struct chan_ops *ops,
    void *arg, struct chan **chan)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (c == NULL)
		goto out_close;
	c->fd = fd;
	c->ops = ops;
	c->arg = arg;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	if (c->readable == NULL || event_add(c->readable, NULL) != 0)
		goto out_free;
	*chan = c;
	return 0;
out_free:
	if (c->readable != NULL)
		event_free(c->readable);
	free(c);
out_close:
	close(fd);
	return -KM_ENOMEM;
}

int chan_send(struct chan *chan, enum chan_type type, const char *text)
{
	struct message msg = { .type = type };

	if (text != NULL)
		snprintf(msg.text, sizeof(msg.text), "%s", text);
	if (send(chan->fd, &msg, sizeof(msg), MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR ? -KM_EBUSY : -KM_ECLOSED;
}

void chan_free(struct chan **chan)
{
	if (*chan == NULL)
		return;
	event_free((*chan)->readable);
	close((*chan)->fd);
	free(*chan);
	*chan = NULL;
}
