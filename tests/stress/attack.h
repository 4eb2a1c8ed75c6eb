/* SPDX-License-Identifier: ISC */
/* attack.h - what hostile clients do, as a table. */
#ifndef TESTS_STRESS_ATTACK_H
#define TESTS_STRESS_ATTACK_H
/*
 * An attack runs in a process of its own, round after round, until a moment
 * has come. What it sees is counted in memory shared with its parent.
 */
#include <stddef.h>

struct attack_tally {
	long rounds;
	long good; /* answered as it should be */
	long bad;  /* answered otherwise (said on stderr) */
};

struct attack {
	const char *name;
	/* One round on SOCKET, at most to the moment `until` (talk_now_ms). */
	void (*round)(
	    const char *path, double until, struct attack_tally *tally);
	int is_answered; /* it expects an answer: `good` must grow */
};

extern const struct attack attacks[];
extern const size_t attacks_count;

/* Rounds until the moment has come, and there has been an answer if due. */
void attack_run(const struct attack *attack, const char *path, double until,
    struct attack_tally *tally);

#endif
