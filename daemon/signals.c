/* SPDX-License-Identifier: ISC */
/* signals.c - a process's signals, as a table served by its event loop. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "daemon/signals.h"

struct signals {
	size_t count;
	struct event *events[]; /* NULL where the row says ignored */
};

static int watch(
    struct event_base *base, const struct signal_row *row, struct event **event)
{
	if (row->handle == NULL) {
		signal(row->signo, SIG_IGN);
		return 0;
	}
	*event = evsignal_new(base, row->signo, row->handle, NULL);
	if (*event == NULL || event_add(*event, NULL) != 0)
		return -KM_ENOMEM;
	return 0;
}

int signals_new(struct event_base *base, const struct signal_row *rows,
    struct signals **signals)
{
	struct signals *s;
	size_t n = 0;

	while (rows[n].signo != 0)
		n++;
	s = calloc(1, sizeof(*s) + n * sizeof(s->events[0]));
	if (s == NULL)
		return -KM_ENOMEM;
	*signals = s;
	for (s->count = 0; s->count < n; s->count++)
		if (watch(base, &rows[s->count], &s->events[s->count]) != 0) {
			s->count++;
			signals_free(signals);
			return -KM_ENOMEM;
		}
	signals_unblock();
	return 0;
}

void signals_free(struct signals **signals)
{
	struct signals *s = *signals;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		if (s->events[i] != NULL)
			event_free(s->events[i]);
	free(s);
	*signals = NULL;
}

void signals_block(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

void signals_unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}
