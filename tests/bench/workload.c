/* SPDX-License-Identifier: ISC */
/* workload.c - the workloads, and what is drawn for them. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "tests/bench/workload.h"

#define DRAWS	     65536
#define DRAWS_BURST  (1024 * BURST) /* whole bursts */
#define LIVE	     10000
#define FIFO	     20000
#define DRAWS_A_LIVE 2 /* at least, of each live block */

static const struct workload workloads[] = {
	{ "W2", "one of 10,000 live blocks of 16..4096 bytes is replaced",
	    WORKLOAD_W2, 16, 4096, LIVE, DRAWS, MARK_PLACES, 1, 0, 500000 },
	{ "W3", "two blocks grow in turn by realloc, 16 bytes to 64 KiB",
	    WORKLOAD_W3, 16, 4096, LIVE, DRAWS, MARK_PLACES, 1, 0, 100000 },
	{ "W4", "bursts of 60 blocks of 32..1500 bytes; 5 % stay in a FIFO",
	    WORKLOAD_W4, 32, 1500, FIFO, DRAWS_BURST, 5, 1, 0, 500000 },
	{ "W5", "one process allocates 16..4096 bytes, another frees",
	    WORKLOAD_W5, 16, 4096, 0, DRAWS, 0, 2, 0, 200000 },
	{ "W6", "a pair of 64 bytes, beside 10,000 live blocks", WORKLOAD_W6,
	    16, 4096, LIVE, DRAWS, MARK_PLACES, 1, 0, 1000000 },
	{ "W7", "the SIP trace, pkg of one worker", WORKLOAD_W7, 0, 0, 0, DRAWS,
	    0, 1, KM_PKG, 500000 },
	{ "W7-shm", "the SIP trace, shm of all processes", WORKLOAD_W7, 0, 0, 0,
	    DRAWS, 0, 1, KM_SHM, 500000 },
	{ "W8", "two processes give each other 90 % of what they allocate",
	    WORKLOAD_W8, 16, 4096, 0, DRAWS, 90, 2, 0, 200000 },
	{ "W8-0", "the same at 0 %: each frees its own", WORKLOAD_W8, 16, 4096,
	    0, DRAWS, 0, 2, 0, 200000 },
	{ "live", "W2 with 16..128 bytes, for many live blocks", WORKLOAD_W2,
	    16, 128, LIVE, DRAWS, MARK_PLACES, 1, 0, 500000 },
};

#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

const struct workload *workload_find(const char *name)
{
	for (size_t i = 0; i < WORKLOADS; i++)
		if (strcmp(workloads[i].name, name) == 0)
			return &workloads[i];
	return NULL;
}

void workload_list(void)
{
	for (size_t i = 0; i < WORKLOADS; i++)
		fprintf(stderr, "  %-7s %s\n", workloads[i].name,
		    workloads[i].what);
}

/* Not malloc'ed: that may be the heap that is measured. */
static void *array(size_t n, size_t size)
{
	void *p = mmap(NULL, n * size + 1, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static double part(void)
{
	return (double)random() / ((double)RAND_MAX + 1);
}

static uint32_t draw_size(const struct workload *w)
{
	return (uint32_t)(w->min * exp(part() * log((double)w->max / w->min)));
}

static uint32_t draw_place(const struct workload *w, uint32_t n_blocks)
{
	if (w->marked == MARK_PLACES)
		return (uint32_t)(part() * n_blocks);
	return part() * 100 < w->marked;
}

static void draw_orders(uint8_t (*orders)[BURST])
{
	for (int o = 0; o < ORDERS; o++) {
		uint8_t *order = orders[o];

		for (int i = 0; i < BURST; i++) {
			int other = (int)(part() * (i + 1));

			order[i] = order[other];
			order[other] = (uint8_t)i;
		}
	}
}

static int open_lap(
    struct play *play, const struct workload *workload, const char *trace)
{
	struct lap *lap;
	int rc = lap_read(trace, workload->traced, &lap);

	if (rc != 0)
		return rc;
	play->lap = lap;
	play->n_blocks = lap->n_blocks;
	return 0;
}

int play_open(struct play *play, const struct workload *workload, uint32_t live,
    const char *trace)
{
	uint8_t(*orders)[BURST] = array(ORDERS, BURST);
	struct draw *draws;
	int rc;

	play->n_blocks = live != 0 ? live : workload->n_blocks;
	play->n_draws = workload->n_draws;
	if (play->n_draws / DRAWS_A_LIVE < live)
		play->n_draws = live * DRAWS_A_LIVE;
	if (workload->id == WORKLOAD_W7) {
		rc = open_lap(play, workload, trace);
		if (rc != 0)
			return rc;
	}
	draws = array(play->n_draws, sizeof(*draws));
	play->blocks = array(play->n_blocks, sizeof(*play->blocks));
	if (draws == NULL || orders == NULL || play->blocks == NULL)
		return -KM_ENOMEM;
	srandom(1);
	draw_orders(orders);
	for (uint32_t i = 0; workload->max != 0 && i < play->n_draws; i++) {
		draws[i].size = draw_size(workload);
		draws[i].place = draw_place(workload, play->n_blocks);
	}
	memset(play->blocks, 0, play->n_blocks * sizeof(*play->blocks));
	play->draws = draws;
	play->orders = (const uint8_t(*)[BURST])orders;
	return 0;
}
