/* SPDX-License-Identifier: ISC */
/* unit.h - what all unit tests share. */
#ifndef KMEM_TESTS_UNIT_H
#define KMEM_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/*
 * For what is looked at a thousand times: ck_assert() writes to the parent each
 * time it holds, and the parent reads it.
 */
#define must(expr)                                                             \
	do {                                                                   \
		if (!(expr))                                                   \
			ck_abort_msg("must: %s", #expr);                       \
	} while (0)

/* The end of each main(). */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
