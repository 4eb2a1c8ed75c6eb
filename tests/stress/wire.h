/* SPDX-License-Identifier: ISC */
/* wire.h - a connection of bytes, for clients that do not behave. */
#ifndef TESTS_STRESS_WIRE_H
#define TESTS_STRESS_WIRE_H
/*
 * Lifetime: wire_open() to wire_close(). Waits have no limit of their own:
 * wire_deadline() ends the program.
 */
#include <stdbool.h>
#include <stddef.h>

#define WIRE_HEARD 65536 /* bytes of replies that are remembered */

struct wire {
	int fd;
	size_t len;
	char heard[WIRE_HEARD];
};

/* Ends the program by SIGALRM after this time, times KMEM_SLOW. */
void wire_deadline(unsigned seconds);

/* Ends the program with a message when the server does not listen. */
void wire_open(struct wire *w, const char *path);
void wire_close(struct wire *w);

/*
 * Send all of it, and take meanwhile what the server says.
 * False: the server has closed the connection.
 */
bool wire_send(struct wire *w, const char *bytes, size_t len);

/* Send a text. */
bool wire_say(struct wire *w, const char *text);

/* The same as often as there are bytes to be sent. */
bool wire_flood(struct wire *w, char byte, size_t len);

/* Whether the server says this, now or later, before it closes. */
bool wire_hears(struct wire *w, const char *text);

/* Take and forget all replies until the server closes. */
void wire_drain(struct wire *w);

#endif
