/* SPDX-License-Identifier: ISC */
/* place.h - an address in a program, as the function and line that it is. */
#ifndef CTL_PLACE_H
#define CTL_PLACE_H
/*
 * The call sites of a program that knows nothing of pools (kmemctl run) are
 * addresses: "sh: /usr/bin/dash: +0x11b0d(0)".  addr2line(1), where it is
 * installed, finds the rest in the file.  It reads what that text names, which
 * a program may have made up: so nobody is asked who does not want to.
 *
 * Lifetime: answers are kept until the end of the process.
 * Concurrency: one thread.
 */

/*
 * "sh: /src/main.c: main(98)"; "sh: /usr/bin/dash: main(+0x11b0d)" where the
 * file does not know its lines; or the text itself when it is no such site or
 * nothing can be found out. Borrowed.
 */
const char *place_of(const char *site);

#endif
