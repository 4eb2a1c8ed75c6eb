/* SPDX-License-Identifier: ISC */
/* main.c - kmemctl, the operator's end of kmemd. */
#include "config.h"

#include "ctl/run.h"

int main(int argc, char **argv)
{
	return (int)run_kmemctl(argc, argv);
}
