/* SPDX-License-Identifier: ISC */
/* run.h - kmemctl from its command line to its exit status. */
#ifndef CTL_RUN_H
#define CTL_RUN_H
#include "ctl/status.h"

/* What main() does; here, so that main.c has nothing to test. */
enum status run_kmemctl(int argc, char **argv);

#endif
