/* SPDX-License-Identifier: ISC */
/* main.c - kmemd. */
#include "config.h"

#include "daemon/service.h"

int main(int argc, char **argv)
{
	return service_run(argc, argv);
}
