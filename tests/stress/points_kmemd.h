/* SPDX-License-Identifier: ISC */
/* points_kmemd.h - a kmemd of which somebody is killed, as it is seen from
 * outside. */
#ifndef TESTS_STRESS_POINTS_KMEMD_H
#define TESTS_STRESS_POINTS_KMEMD_H
/*
 * Lifetime: points_launch() until the caller has waited for its end.
 * Concurrency: one thread.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "tests/stress/talk.h"

#define POINTS_PATIENCE_S 60

/* A child of ours, with its path and arguments. Returns its pid, or -1. */
pid_t points_launch(char **argv);

/* Whether it has said that it serves, by its title. */
bool points_says_it_serves(pid_t kmemd);

/*
 * Wait until it serves at its socket, at most until then: *talk is connected to
 * it. False: it does not, or has ended; it is left to be waited for.
 */
bool points_wait_for(
    pid_t kmemd, const char *socket, time_t end, struct talk *talk);

/* Its result, params as JSON or NULL; NULL: there is none. Put *reply. */
struct json_object *points_ask(struct talk *talk, const char *method,
    const char *params, struct json_object **reply);

/* A member of a struct. */
int points_number(struct json_object *row, const char *key);

/* mem.check has looked at so many pools, and has found nothing. */
bool points_pools_are_whole(
    struct talk *talk, size_t least, char *why, size_t size);

/* Files that it has mapped, memfds among them, and pkg pools among these. */
void points_count_maps(pid_t kmemd, long *files, long *pools);

/* Whether it has a pidfd of that process. */
bool points_has_pidfd(pid_t kmemd, pid_t pid);

#endif
