/* SPDX-License-Identifier: ISC */
/* kmemctl.h - runs the real kmemctl for tests, against a fake server. */
#ifndef TESTS_KMEMCTL_H
#define TESTS_KMEMCTL_H
/*
 * The program is ctl/kmemctl, or what the environment's KMEMCTL says. What
 * goes wrong in here fails the test.
 * Lifetime: one test, by its fixture. Concurrency: one kmemctl at a time.
 */
#include <check.h>
#include <string.h>
#include <sys/types.h>

#define KMEMCTL_DEADLINE_S 60 /* of one kmemctl; valgrind is slow */

struct kmemctl_here {
	char dir[64], socket[80], in[80], out[80], err[80];
	pid_t server;
};

/* How kmemctl ended, and what it said. */
struct kmemctl_got {
	int status; /* 128 and up: a signal */
	char out[1 << 20], err[4096];
};

extern struct kmemctl_here kmemctl_here;
extern struct kmemctl_got kmemctl_got;

/* The fixture: a directory, and a fake server that KMEMD_SOCK names. */
void kmemctl_setup(void);
void kmemctl_teardown(void);

/* Run it to its end, with stdout to a path, NULL: closed. */
void kmemctl_run_to(const char *out, char **argv);

/* The same, and read what came; with a script for its stdin. */
void kmemctl_run(char **argv);
void kmemctl_script(const char *script);
void kmemctl_script_with(char **argv, const char *script);
void kmemctl_script_of(const char *script, size_t len);

/* In a child: open a path as descriptor to; become kmemctl. */
void kmemctl_redirect(int to, const char *path, int flags);
void kmemctl_exec(char **argv) __attribute__((noreturn));

/* Wait for such a child; read one of kmemctl_here's files. */
void kmemctl_wait(pid_t pid);
void kmemctl_read(const char *path, char *text, size_t size);

#define W(word)	  ((char[]){ word })
#define ARGV(...) ((char *[]){ W("kmemctl"), __VA_ARGS__ __VA_OPT__(, ) NULL })

#define ck_has(text, part)                                                     \
	ck_assert_msg(                                                         \
	    strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

#endif
