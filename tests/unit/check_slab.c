/* SPDX-License-Identifier: ISC */
/* check_slab.c - what only the manager slab promises, in one process. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slab_view.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

static struct test_pool t;

static void open_shm(size_t size)
{
	test_pool_open(&t, KM_SHM, "slab", size);
	test_log_catch();
}

static bool line_has(const char *text)
{
	return strstr(test_log_text(), text) != NULL;
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	shm_info(&now);
	return now;
}

/* ---- what fits ---------------------------------------------------------- */

/* Requested bytes of blocks of one size that fill a pool, in percent of it. */
static unsigned fill_percent(size_t size, size_t pool)
{
	size_t n = 0;

	open_shm(pool);
	while (shm_malloc(size) != NULL)
		n++;
	test_pool_is_valid(&t);
	ck_assert_uint_eq(info().used, n * size);
	test_pool_close(&t);
	return (unsigned)(n * size * 100 / pool);
}

START_TEST(one_size_alone_fills_a_pool)
{
	ck_assert_uint_ge(fill_percent(16, 8 * MB), 60);
	ck_assert_uint_ge(fill_percent(64, 8 * MB), 85);
	for (size_t size = 256; size <= MB / 2; size *= 2)
		ck_assert_uint_ge(fill_percent(size, 8 * MB), 85);
	ck_assert_uint_ge(fill_percent(MB, 8 * MB), 7 * 100 / 8);
}
END_TEST

START_TEST(a_small_pool_with_many_sizes_has_room_for_more)
{
	size_t sum = 0, n = 0;

	test_pool_open(&t, KM_PKG, "slab", 4 * MB);
	for (size_t size = 16; sum < 217000; size = size % 5120 + 256) {
		ck_assert_ptr_nonnull(pkg_malloc(size));
		sum += size;
	}
	while (pkg_malloc(1024) != NULL)
		n++;
	ck_assert_uint_ge(n * 1024, 34 * MB / 10);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(the_largest_request_named_succeeds_and_a_larger_one_does_not)
{
	void *p, *q = NULL;

	open_shm(8 * MB);
	for (int i = 0; i < 1000; i++)
		q = shm_malloc((size_t)i * 3);
	p = shm_malloc(info().largest);
	ck_assert_ptr_nonnull(p);
	shm_free(p);
	ck_assert_ptr_null(shm_malloc(info().largest + 1));
	shm_free(q);
	while (shm_malloc(40000) != NULL)
		;
	while ((p = shm_malloc(info().largest)) != NULL)
		;
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_run_grows_and_shrinks_in_place)
{
	char *p, *q;

	open_shm(8 * MB);
	p = shm_malloc(100000);
	memset(p, 'p', 100000);
	ck_assert_ptr_eq(shm_realloc(p, 1000000), p);
	ck_assert_uint_eq(info().used, 1000000);
	ck_assert_ptr_eq(shm_realloc(p, 50000), p);
	ck_assert_uint_eq(info().used, 50000);
	test_pool_is_valid(&t);
	q = shm_malloc(40000);
	ck_assert_ptr_nonnull(q);
	/* Something is behind it now: it moves. */
	p = shm_realloc(p, 200000);
	for (int i = 0; i < 50000; i++)
		must(p[i] == 'p');
	shm_free(p);
	shm_free(q);
	ck_assert_uint_eq(info().used, 0);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(free_pages_go_back_to_the_system)
{
	char *p;

	open_shm(8 * MB);
	p = shm_malloc(4 * MB);
	memset(p, 1, 4 * MB);
	shm_free(p);
	ck_assert_uint_ge(manager_slab.trim(t.pool), 4 * MB);
	ck_assert_int_eq(p[MB], 0);
	test_pool_is_valid(&t);
	p = shm_malloc(4 * MB);
	ck_assert_ptr_nonnull(p);
	test_pool_close(&t);
}
END_TEST

/* Of the whole pool, at one look. */
static size_t look(void)
{
	return manager_slab.trim_old(t.pool, 1);
}

START_TEST(what_was_free_at_two_looks_goes_back_to_the_system)
{
	char *p;

	open_shm(8 * MB);
	look();
	look();
	p = shm_malloc(4 * MB);
	memset(p, 1, 4 * MB);
	ck_assert_uint_eq(look(), 0);
	shm_free(p);
	ck_assert_uint_eq(look(), 0);
	p = shm_malloc(2 * MB);
	p[0] = 1;
	shm_free(p);
	/* The first half was used in between, as its head tells. */
	ck_assert_uint_ge(look(), 2 * MB);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(parts_of_a_pool_take_turns)
{
	size_t sum = 0;
	char *p;

	open_shm(8 * MB);
	p = shm_malloc(4 * MB);
	memset(p, 1, 4 * MB);
	shm_free(p);
	for (int i = 0; i < 7; i++)
		ck_assert_uint_eq(manager_slab.trim_old(t.pool, 7), 0);
	for (int i = 0; i < 7; i++)
		sum += manager_slab.trim_old(t.pool, 7);
	ck_assert_uint_ge(sum, 4 * MB);
	test_pool_close(&t);
}
END_TEST

static void *fill(void *blocks)
{
	for (void **p = blocks; p < (void **)blocks + 1000; p++)
		*p = shm_malloc(64);
	return NULL;
}

/* A sleeper's, as far as the pool can tell: it never looks again. */
START_TEST(a_span_that_others_emptied_goes_back_to_the_pool)
{
	static void *blocks[1000];
	size_t held;

	open_shm(8 * MB);
	held = info().real_used;
	fill(blocks);
	/* I am another one from here on. */
	pool_use(KM_SHM, t.pool, 1);
	for (int i = 0; i < 1000; i++)
		shm_free(blocks[i]);
	ck_assert_uint_ge(info().real_used, held + 1000 * 64);
	look();
	look();
	ck_assert_uint_lt(info().real_used, held + 1000 * 64 / 4);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* ---- misuse ------------------------------------------------------------- */

START_TEST(a_double_free_names_both_sites)
{
	char *p;

	open_shm(MB);
	p = shm_malloc(40);
	shm_free(p);
	shm_free(p);
	ck_assert(line_has("block is free already: size 40, allocated at"));
	ck_assert(line_has("freed at core: "));
	test_log_clear();
	p = shm_malloc(100000);
	shm_free(p);
	shm_free(p);
	ck_assert(line_has("block is free already"));
	ck_assert(line_has("freed at core: "));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_pointer_into_a_block_is_no_block)
{
	char *p, *large, *tail;
	int local;

	open_shm(MB);
	p = shm_malloc(400);
	large = shm_malloc(100000);
	shm_free(p + 16);
	ck_assert(line_has("pointer is no block"));
	test_log_clear();
	shm_free(p + 1);
	ck_assert(line_has("pointer is no block"));
	test_log_clear();
	shm_free(large + 16);
	ck_assert(line_has("pointer is no block"));
	test_log_clear();
	shm_free(large + 2 * SLAB_PAGE);
	ck_assert(line_has("pointer is no block"));
	test_log_clear();
	/* Behind the last block of a span, where one more would begin. */
	tail = shm_malloc(48);
	tail -= (uintptr_t)tail % SLAB_PAGE;
	for (int i = 0; i < 2; i++)
		shm_free(tail + SLAB_PAGE / 48 * 48);
	ck_assert(line_has("pointer is no block"));
	test_log_clear();
	shm_free(&local);
	ck_assert(line_has("not in this pool"));
	ck_assert_uint_eq(info().used, 100448);
	shm_free(p);
	shm_free(large);
	ck_assert_uint_eq(info().used, 48);
	test_pool_close(&t);
}
END_TEST

/*
 * A free page still says where the head of its last span was. Another span
 * begins there now, and its tags lie before those of live blocks.
 */
START_TEST(a_page_of_an_older_span_leads_to_no_block)
{
	enum {
		SPANS = 16,
		SMALL = 16,
		EACH = 256,
		N = 4 * EACH
	};
	char *stale[2 * SPANS], *small, *page;

	open_shm(4 * MB);
	for (int i = 0; i < 2 * SPANS; i++)
		stale[i] = shm_malloc(30000);
	for (int i = 0; i < N; i++)
		shm_malloc(SMALL);
	for (int i = 0; i < 2 * SPANS; i++)
		shm_free(stale[i]);
	manager_slab.trim(t.pool);
	small = shm_malloc(SMALL);
	page = small - (uintptr_t)small % SLAB_PAGE;
	for (int i = 1; i < EACH; i++)
		ck_assert_int_lt((char *)shm_malloc(SMALL) - page, SLAB_PAGE);
	/* The last one is freed by the way that is usual. */
	for (int i = 8; i > 0; i--)
		shm_free(page + i * SLAB_PAGE);
	ck_assert_uint_eq(info().used, (N + EACH) * SMALL);
	ck_assert(line_has("pointer is no block"));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_block_of_the_other_pool_is_told_apart)
{
	struct test_pool pkg;
	char *p;

	test_pool_open(&pkg, KM_PKG, "slab", MB);
	open_shm(MB);
	p = pkg_malloc(10);
	shm_free(p);
	ck_assert(line_has("pkg pool"));
	pkg_free(p);
	test_pool_close(&t);
	test_pool_close(&pkg);
}
END_TEST

/* Metadata are away from the data: an overrun meets other blocks alone. */
START_TEST(an_overrun_never_damages_the_manager)
{
	static const size_t sizes[] = { 16, 64, 200, 1000, 5000, 40000 };
	char *p[8];

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t over = 1; over <= 4096; over += over / 2 + 1) {
			open_shm(MB);
			for (int i = 0; i < 8; i++)
				p[i] = shm_malloc(sizes[s]);
			for (int i = 0; i < 8; i++)
				memset(p[i], 0xff, sizes[s] + over);
			test_pool_is_valid(&t);
			for (int i = 0; i < 8; i++)
				shm_free(p[i]);
			ck_assert_uint_eq(info().used, 0);
			test_pool_is_valid(&t);
			test_pool_close(&t);
		}
	}
}
END_TEST

/* The block below the tags is the one that could reach them. */
START_TEST(no_block_lies_below_tags_without_a_guard)
{
	struct slab_page *page;

	open_shm(2 * MB);
	while (shm_malloc(16) != NULL)
		;
	page = slab_pages(t.pool);
	for (uint64_t i = 1; i < slab_of(t.pool)->n_pages; i++)
		if (slab_kind(page[i].word) == SLAB_TAGS)
			ck_assert(slab_kind(page[i - 1].word) == SLAB_TAGS ||
				  slab_kind(page[i - 1].word) == SLAB_GUARD);
	test_pool_close(&t);
}
END_TEST

/* ---- page hints --------------------------------------------------------- */

#define ROW 40 /* pages */

/* A search in vain notes how long rows are; what joins them says otherwise. */
START_TEST(rows_of_free_pages_that_are_joined_are_found)
{
	struct slab_part *part;
	uint32_t row[64];
	unsigned n = 0;

	open_shm(8 * MB);
	part = slab_part_of(t.pool);
	while (
	    (row[n] = slab_pages_claim(part, ROW, SLAB_PAGE)) != SLAB_NO_PAGE)
		n++;
	ck_assert_uint_gt(n, 40);
	for (unsigned i = 0; i + 2 < n; i += 3) {
		ck_assert_uint_eq(
		    slab_pages_claim(part, ROW + 1, SLAB_PAGE), SLAB_NO_PAGE);
		slab_pages_release(part, row[i + 1], ROW);
		ck_assert_uint_eq(
		    slab_pages_claim(part, ROW + 1, SLAB_PAGE), SLAB_NO_PAGE);
		slab_pages_release(part, row[i], ROW);
		ck_assert_uint_eq(
		    slab_pages_claim(part, 2 * ROW, SLAB_PAGE), row[i]);
	}
	test_pool_close(&t);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, one_size_alone_fills_a_pool);
	tcase_add_test(tcase, rows_of_free_pages_that_are_joined_are_found);
	tcase_add_test(tcase, a_small_pool_with_many_sizes_has_room_for_more);
	tcase_add_test(tcase,
	    the_largest_request_named_succeeds_and_a_larger_one_does_not);
	tcase_add_test(tcase, a_run_grows_and_shrinks_in_place);
	tcase_add_test(tcase, free_pages_go_back_to_the_system);
	tcase_add_test(
	    tcase, what_was_free_at_two_looks_goes_back_to_the_system);
	tcase_add_test(tcase, parts_of_a_pool_take_turns);
	tcase_add_test(tcase, a_span_that_others_emptied_goes_back_to_the_pool);
	tcase_add_test(tcase, a_double_free_names_both_sites);
	tcase_add_test(tcase, a_pointer_into_a_block_is_no_block);
	tcase_add_test(tcase, a_page_of_an_older_span_leads_to_no_block);
	tcase_add_test(tcase, a_block_of_the_other_pool_is_told_apart);
	tcase_add_test(tcase, an_overrun_never_damages_the_manager);
	tcase_add_test(tcase, no_block_lies_below_tags_without_a_guard);
}

int main(void)
{
	Suite *suite = suite_create("slab");
	TCase *tcase = tcase_create("slab");

	add_tests(tcase);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
