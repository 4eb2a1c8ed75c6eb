/* SPDX-License-Identifier: ISC */
/* interrupt.c - SIGINT that ends what is under way, not kmemctl. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/interrupt.h"
#include "ctl/terminal.h"

static struct {
	int read_fd, write_fd;
	bool echoes;
} here = { -1, -1, false };

static void on_signal(int number)
{
	int saved = errno;
	/* A full pipe has said it already. */
	ssize_t ignored = write(here.write_fd, "", 1);

	/* The terminal has just shown ^C. */
	if (here.echoes)
		ignored = write(STDERR_FILENO, "\n", 1);
	(void)ignored;
	errno = saved;
}

int interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fds[2];

	if (here.read_fd >= 0)
		return 0;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -KM_ESYS;
	here.read_fd = fds[0];
	here.write_fd = fds[1];
	here.echoes = terminal_is(stdin) && terminal_is(stderr);
	return sigaction(SIGINT, &action, NULL) == 0 ? 0 : -KM_ESYS;
}

int interrupt_fd(void)
{
	return here.read_fd;
}

bool interrupt_take(void)
{
	char bytes[64];
	bool taken = false;

	while (
	    here.read_fd >= 0 && read(here.read_fd, bytes, sizeof(bytes)) > 0)
		taken = true;
	return taken;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The signal interrupts poll() as well as making its descriptor readable. */
bool interrupt_wait(int64_t ms)
{
	struct pollfd p = { .fd = here.read_fd, .events = POLLIN };
	int64_t end = now_ms() + ms, left = ms;

	for (; left > 0; left = end - now_ms())
		if (poll(&p, 1, (int)left) > 0)
			break;
	return interrupt_take();
}
