/* SPDX-License-Identifier: ISC */
/* start.c - a preloaded program is listed by kmemd. */
#include "config.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmem.h"
#include "preload/boot.h"
#include "preload/start.h"

#define TIMEOUT_MS 100	  /* a kmemd that is stopped delays nobody for long */
#define LATER	   32u	  /* calls, then so many times as many */
#define LATER_MAX  32768u /* then no more */

static struct {
	atomic_uint calls;
	atomic_uint at; /* the call at which to attach; 0: none */
} start;

/* A program that was built with libkmem attaches by itself, or does not. */
static int is_libkmem(struct dl_phdr_info *info, size_t size, void *arg)
{
	return strstr(info->dlpi_name, "/libkmem.so") != NULL;
}

static bool is_wanted(void)
{
	const char *socket = secure_getenv("KMEMD_ATTACH");

	return socket != NULL && socket[0] != '\0' &&
	       dl_iterate_phdr(is_libkmem, NULL) == 0;
}

/* Another time may be better only where kmemd has not answered. */
static void attach(unsigned next)
{
	const struct km_attach_options options = {
		.size = sizeof(options),
		.flags = KM_ATTACH_OBSERVER,
		.timeout_ms = TIMEOUT_MS,
	};
	int rc = km_attach(&options);

	start.at = rc == -KM_ETIMEOUT && next <= LATER_MAX ? next : 0;
}

void start_note(void)
{
	unsigned at = start.at;
	int saved = errno;

	if (at == 0 || atomic_fetch_add(&start.calls, 1) + 1 != at)
		return;
	/* In the child of a fork it is the parent's. */
	km_detach();
	attach(at * LATER);
	errno = saved;
}

/* Most children call exec soon. */
static void in_child(void)
{
	boot_unlock();
	start.calls = 0;
	start.at = is_wanted() ? LATER : 0;
}

/* As libc does of a heap that is damaged. */
static void write_bugs(int level, const char *text)
{
	if (level > L_BUG || write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
	if (write(STDERR_FILENO, "\n", 1) < 0)
		return;
}

static __attribute__((constructor)) void begin(void)
{
	pthread_atfork(boot_lock, boot_unlock, in_child);
	km_log_set_writer(write_bugs);
	if (is_wanted())
		attach(LATER);
}
