/* SPDX-License-Identifier: ISC */
/* phases.c - starts in order, stops in reverse. */
#include "config.h"

#include "base/log.h"
#include "daemon/phases.h"

int phases_start(struct phases *phases)
{
	const struct phase *phase = &phases->table[phases->started];
	int rc = 0;

	for (; phase->name != NULL; phase++) {
		if (phase->start != NULL)
			rc = phase->start();
		if (rc != 0) {
			LM_DBG("start ends at: %s", phase->name);
			phases_stop(phases);
			return rc;
		}
		phases->started++;
	}
	return 0;
}

void phases_stop(struct phases *phases)
{
	while (phases->started > 0) {
		const struct phase *phase = &phases->table[--phases->started];

		if (phase->stop != NULL)
			phase->stop();
	}
}

void phases_leave(struct phases *phases)
{
	while (phases->started > 0) {
		const struct phase *phase = &phases->table[--phases->started];

		if (phase->leave != NULL)
			phase->leave();
	}
}
