/* SPDX-License-Identifier: ISC */
/* rpc_loop.h - a server and its raw clients in one process, for the tests. */
#ifndef TESTS_RPC_LOOP_H
#define TESTS_RPC_LOOP_H
/*
 * One event loop serves; the clients are plain descriptors in the same
 * process. Nothing here waits longer than LOOP_DEADLINE_MS: then the test
 * fails.
 * Lifetime: loop_start() to loop_stop(), one at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/server.h"

#define LOOP_DEADLINE_MS 20000
#define LOOP_TEXT_SIZE	 (1 << 20)

struct rpc_loop {
	struct event_base *base;
	struct event *wake;
	struct rpc_server *server;
	char dir[64];
	char path[96];
	char text[LOOP_TEXT_SIZE]; /* what loop_read() has read */
	size_t len;
	struct rpc_call *deferred[16];
	size_t most_queued; /* when "large" was called */
	size_t n_deferred, n_large, cancelled, logged;
	bool is_stranger;    /* peers have no role, else dump */
	unsigned long turns; /* of the event loop */
};
extern struct rpc_loop loop;

/* Methods: echo VALUE, later, large BYTES, drain, who, admin_only. */
extern const struct rpc_method *const loop_tables[];

/* A private directory, loop.path in it; nothing is made there. */
void loop_make_dir(void);
void loop_remove_dir(void);

void loop_start(const struct rpc_limits *limits);
void loop_stop(void);

/* Serve until done(arg), or for some time. */
void loop_until(bool (*done)(void *arg), void *arg);
void loop_for(unsigned ms);

int loop_connect(void);
/* Send all, serving meanwhile. */
void loop_send(int fd, const char *text);
void loop_send_bytes(int fd, const char *bytes, size_t len);
/* Read so many lines; returns loop.text. */
const char *loop_read(int fd, size_t lines);
/* Read up to the end that the server makes; returns loop.text. */
const char *loop_read_all(int fd);
/* loop_send() and loop_read() of one line. */
const char *loop_ask(int fd, const char *text);
bool loop_is_closed(int fd);

uint64_t loop_now_ms(void);

#endif
