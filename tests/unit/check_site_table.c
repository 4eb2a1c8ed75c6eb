/* SPDX-License-Identifier: ISC */
/* check_site_table.c - texts that sites have in common are kept once. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mem/site_table.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (1u << 20) /* bytes of each test's pool */

static struct test_pool t;

/* A small table: 256 rows. Eight functions a file, as programs have them. */
START_TEST(texts_that_sites_have_in_common_are_kept_once)
{
	static char file[32][32], func[200][32];
	uint32_t id[200];

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 200; i++) {
		struct km_site site = { file[i / 8], func[i], "module",
			(unsigned)i + 1, { 0, 0 } };

		snprintf(file[i / 8], 32, "src/modules/file_%03d.c", i / 8);
		snprintf(func[i], 32, "a_function_%03d", i);
		id[i] = site_intern(t.pool, &site);
		ck_assert_uint_ne(id[i], SITE_UNKNOWN);
	}
	for (int i = 0; i < 200; i++) {
		const struct site_row *row = site_row_at(t.pool, id[i]);

		ck_assert_str_eq(site_row_text(t.pool, row->file), file[i / 8]);
		ck_assert_str_eq(site_row_text(t.pool, row->func), func[i]);
		ck_assert_str_eq(site_row_text(t.pool, row->mname), "module");
		ck_assert_uint_eq(
		    row->file, site_row_at(t.pool, id[i / 8 * 8])->file);
	}
	test_pool_close(&t);
}
END_TEST

#define N_ADDERS 4
#define N_ADDED	 48 /* each four times, if need be, in 256 rows */

static char added[N_ADDED][32];

static void *add_sites(void *start)
{
	intptr_t bad = 0;

	pthread_barrier_wait(start);
	for (int i = 0; i < N_ADDED; i++) {
		struct km_site site = { "a.c", added[i], "m", (unsigned)i + 1,
			{ 0, 0 } };
		const struct site_row *row =
		    site_row_at(t.pool, site_intern(t.pool, &site));

		bad +=
		    row == NULL || row->line != (unsigned)i + 1 ||
		    strcmp(site_row_text(t.pool, row->file), "a.c") != 0 ||
		    strcmp(site_row_text(t.pool, row->func), added[i]) != 0 ||
		    strcmp(site_row_text(t.pool, row->mname), "m") != 0;
	}
	return (void *)bad;
}

START_TEST(threads_that_add_the_same_sites_find_what_they_added)
{
	pthread_barrier_t start;
	pthread_t thread[N_ADDERS];
	void *bad;

	for (int i = 0; i < N_ADDED; i++)
		snprintf(added[i], 32, "a_function_%03d", i / 3);
	pthread_barrier_init(&start, NULL, N_ADDERS);
	for (int round = 0; round < 50; round++) {
		test_pool_open(&t, KM_SHM, "slab", 4 * SIZE);
		for (int i = 0; i < N_ADDERS; i++)
			ck_assert_int_eq(
			    pthread_create(&thread[i], NULL, add_sites, &start),
			    0);
		for (int i = 0; i < N_ADDERS; i++) {
			pthread_join(thread[i], &bad);
			ck_assert_ptr_null(bad);
		}
		test_pool_close(&t);
	}
	pthread_barrier_destroy(&start);
}
END_TEST

/* Else each process would add rows of its own, until none is left. */
START_TEST(sites_whose_texts_did_not_fit_are_interned_once_too)
{
	static char func[100][128];
	int cut = 0;

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	for (int i = 0; i < 100; i++) {
		struct km_site site = { "a.c", func[i], "m", 7, { 0, 0 } };
		struct km_site same = site;
		uint32_t id;

		memset(func[i], 'f', 100);
		snprintf(func[i] + 100, 28, "%d", i);
		id = site_intern(t.pool, &site);
		ck_assert_uint_ne(id, SITE_UNKNOWN);
		ck_assert_uint_eq(site_intern(t.pool, &same), id);
		cut += *site_row_text(t.pool, site_row_at(t.pool, id)->func) ==
		       '\0';
	}
	ck_assert_int_gt(cut, 0);
	test_pool_close(&t);
}
END_TEST

/* One that an older libkmem has made: no text is looked for in it. */
START_TEST(a_site_table_without_an_index_is_served_too)
{
	struct km_site a = { "a.c", "f", "m", 1, { 0, 0 } };
	struct km_site b = { "a.c", "g", "m", 2, { 0, 0 } };
	struct site_table *table;
	const struct site_row *row;
	char header[1024];

	test_pool_open(&t, KM_PKG, "qm", SIZE);
	memcpy(header, t.pool, sizeof(header));
	table = pool_at(t.pool, t.pool->sites);
	table->index.bytes = 0;
	site_intern(t.pool, &a);
	row = site_row_at(t.pool, site_intern(t.pool, &b));
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(site_row_text(t.pool, row->file), "a.c");
	ck_assert_str_eq(site_row_text(t.pool, row->func), "g");
	ck_assert_mem_eq(t.pool, header, sizeof(header));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("site_table");
	TCase *tcase = tcase_create("site_table");

	tcase_add_test(tcase, texts_that_sites_have_in_common_are_kept_once);
	tcase_add_test(
	    tcase, threads_that_add_the_same_sites_find_what_they_added);
	tcase_add_test(
	    tcase, sites_whose_texts_did_not_fit_are_interned_once_too);
	tcase_add_test(tcase, a_site_table_without_an_index_is_served_too);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
