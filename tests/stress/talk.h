/* SPDX-License-Identifier: ISC */
/* talk.h - a raw client of the RPC socket, and what /proc says of its server.
 */
#ifndef TESTS_STRESS_TALK_H
#define TESTS_STRESS_TALK_H
/*
 * Lifetime: talk_open() to talk_close(). Concurrency: one thread.
 * What cannot be is said on stderr and ends the program with status 2.
 */
#include <stddef.h>
#include <sys/types.h>

struct talk {
	int fd;
	size_t from, len, size; /* of buf: bytes received, not yet given */
	char *buf;
};

/* Milliseconds of a clock that is never set. */
double talk_now_ms(void);

/* A number of at least 1 from the command line. */
long talk_number(const char *text);

/* Connect. Returns 0, or -1: nobody listens, or errno. */
int talk_open(struct talk *talk, const char *path);
void talk_close(struct talk *talk);

/*
 * Send all, without reading. Returns 0; -1 when the server has closed, or
 * timeout_ms were not enough.
 */
int talk_send(struct talk *talk, const char *bytes, size_t len, int timeout_ms);

/* The next line, without its end; NULL: closed, or timeout_ms have passed. */
const char *talk_line(struct talk *talk, int timeout_ms);

/* Send a line and wait for the next one that comes in. */
const char *talk_ask(struct talk *talk, const char *line, int timeout_ms);

/* Of a process: "VmRSS", "RssAnon" ... in kB; -1: there is none. */
long talk_status_kb(pid_t pid, const char *field);
/* And how many descriptors it has open. */
long talk_descriptors(pid_t pid);

#endif
