/* SPDX-License-Identifier: ISC */
/* check_heap.c - pkg_* and shm_*, under every manager and in both pools. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/tune.h"
#include "mem/heap.h"
#include "mem/manager.h"
#include "mem/mem.h"
#include "mem/private.h"
#include "mem/shm_mem.h"
#include "mem/view.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (4u << 20) /* bytes of each test's pool */

static struct test_pool t;

/* A loop test's number is manager * kinds + kind. */
#define N_LOOPS (test_n_managers * KM_POOL_KIND__COUNT)
#define KIND(i) ((enum km_pool_kind)((i) % KM_POOL_KIND__COUNT))

static void open_pool(int i, size_t size)
{
	test_pool_open(
	    &t, KIND(i), test_managers[i / KM_POOL_KIND__COUNT], size);
}

/* Whether the manager notes the order of allocations. */
static bool keeps_order(int i)
{
	return strcmp(test_managers[i / KM_POOL_KIND__COUNT], "qm") == 0;
}

/* What the manager keeps for the next call goes back to the pool. */
static void trim(void)
{
	const struct manager *manager = manager_at(t.pool->manager);

	if (manager->trim != NULL)
		manager->trim(t.pool);
}

static void *get(size_t size)
{
	return heap_malloc(t.pool->kind, size, KM_SITE());
}

static void *resize(void *p, size_t size)
{
	return heap_realloc(t.pool->kind, p, size, KM_SITE());
}

static void put(void *p)
{
	heap_free(t.pool->kind, p, KM_SITE());
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	heap_info(t.pool->kind, &now);
	return now;
}

START_TEST(a_new_pool_is_one_free_fragment)
{
	open_pool(_i, SIZE);
	ck_assert_uint_eq(info().total, SIZE);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().fragments, 1);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(blocks_are_aligned_apart_and_counted_as_requested)
{
	char *p[100];
	size_t sum = 0;

	open_pool(_i, SIZE);
	for (size_t i = 0; i < 100; i++) {
		p[i] = get(i * 7);
		ck_assert_ptr_nonnull(p[i]);
		ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i * 7);
		sum += i * 7;
		ck_assert_uint_eq(info().used, sum);
		test_pool_is_valid(&t);
	}
	for (size_t i = 0; i < 100; i++)
		for (size_t k = 0; k < i * 7; k++)
			must(p[i][k] == (char)i);
	for (size_t i = 0; i < 100; i += 2)
		put(p[i]);
	test_pool_is_valid(&t);
	for (size_t i = 1; i < 100; i += 2)
		put(p[i]);
	test_pool_is_valid(&t);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().fragments, 1);
	test_pool_close(&t);
}
END_TEST

START_TEST(size_zero_gives_blocks_of_their_own)
{
	void *a, *b;

	open_pool(_i, SIZE);
	a = get(0);
	b = get(0);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_ne(a, b);
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().blocks, 2);
	ck_assert_ptr_null(resize(a, 0));
	ck_assert_uint_eq(info().blocks, 1);
	put(b);
	put(NULL);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(what_is_too_large_is_refused_with_enomem_and_a_line)
{
	static const size_t sizes[] = { SIZE, (size_t)SIZE * 2, SIZE_MAX,
		SIZE_MAX - 15, SIZE_MAX / 2, PTRDIFF_MAX };

	open_pool(_i, SIZE);
	test_log_catch();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		errno = 0;
		ck_assert_ptr_null(get(sizes[i]));
		ck_assert_int_eq(errno, ENOMEM);
		test_pool_is_valid(&t);
	}
	ck_assert_ptr_nonnull(strstr(test_log_text(), "out of memory"));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "check_heap.c: get("));
	ck_assert_ptr_nonnull(
	    strstr(test_log_text(), KIND(_i) == KM_PKG ? "-M" : "-m"));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "largest free"));
	test_pool_close(&t);
}
END_TEST

/* Under qm; slab has rooms of its own sizes: check_slab.c. */
START_TEST(realloc_grows_in_place_when_the_next_is_free)
{
	char *a, *b, *c;

	open_pool(_i, SIZE);
	a = get(64);
	b = get(64);
	c = get(64);
	memset(a, 'a', 64);
	put(b);
	ck_assert_ptr_eq(resize(a, 128), a);
	test_pool_is_valid(&t);
	/* The last one has all the rest behind it. */
	memset(c, 'c', 64);
	ck_assert_ptr_eq(resize(c, 100000), c);
	ck_assert_int_eq(c[63], 'c');
	ck_assert_uint_eq(info().used, 128 + 100000);
	test_pool_is_valid(&t);
	ck_assert_ptr_eq(resize(c, 10), c);
	ck_assert_uint_eq(info().used, 128 + 10);
	test_pool_is_valid(&t);
	put(a);
	put(c);
	ck_assert_uint_eq(info().fragments, 1);
	test_pool_close(&t);
}
END_TEST

START_TEST(realloc_moves_with_the_contents_when_it_must)
{
	char *a, *b, *moved;

	open_pool(_i, SIZE);
	a = get(100);
	b = get(100);
	memset(a, 'a', 100);
	moved = resize(a, 5000);
	ck_assert_ptr_ne(moved, a);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(moved[i], 'a');
	ck_assert_uint_eq(info().blocks, 2);
	test_pool_is_valid(&t);
	put(moved);
	put(b);
	test_pool_close(&t);
}
END_TEST

START_TEST(realloc_without_room_keeps_the_block_and_reallocxf_frees_it)
{
	char *a;

	open_pool(_i, SIZE);
	a = resize(NULL, 100);
	memset(a, 'a', 100);
	ck_assert_ptr_null(resize(a, SIZE));
	ck_assert_int_eq(a[99], 'a');
	ck_assert_uint_eq(info().used, 100);
	ck_assert_ptr_null(heap_reallocxf(t.pool->kind, a, SIZE, KM_SITE()));
	ck_assert_uint_eq(info().used, 0);
	ck_assert_uint_eq(info().blocks, 0);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(mallocxz_is_zero_where_memory_was_dirty)
{
	char *a;

	open_pool(_i, SIZE);
	a = get(1000);
	memset(a, 0xff, 1000);
	put(a);
	a = heap_mallocxz(t.pool->kind, 1000, KM_SITE());
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(a[i], 0);
	put(a);
	test_pool_close(&t);
}
END_TEST

START_TEST(every_block_names_its_line_owner_and_order)
{
	struct view_walk walk = { 0 };
	struct view_block block;
	struct view_site site;
	struct view *view;
	int line;
	void *p;

	open_pool(_i, SIZE);
	pool_use(t.pool->kind, t.pool, 3);
	get(1);
	line = __LINE__ + 1;
	p = heap_malloc(t.pool->kind, 77, KM_SITE());
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	ck_assert_int_eq(view_next(view, &walk, &block), 1);
	ck_assert_uint_eq(block.seq, keeps_order(_i) ? 1 : 0);
	ck_assert_int_eq(view_next(view, &walk, &block), 1);
	ck_assert_uint_eq(block.addr, (uintptr_t)p);
	ck_assert_uint_eq(block.size, 77);
	ck_assert_uint_eq(block.owner, 3);
	ck_assert_uint_eq(block.seq, keeps_order(_i) ? 2 : 0);
	view_site(view, block.site, &site);
	ck_assert_int_eq(site.line, line);
	ck_assert_str_eq(site.func, __func__);
	ck_assert_str_eq(site.mname, "core");
	ck_assert_ptr_nonnull(strstr(site.file, "check_heap.c"));
	ck_assert_int_eq(view_next(view, &walk, &block), 0);
	view_close(&view);
	test_pool_close(&t);
}
END_TEST

START_TEST(without_a_pool_calls_return_null_and_say_why)
{
	private_deny();
	test_log_catch();
	errno = 0;
	ck_assert_ptr_null(shm_malloc(10));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "no pool yet"));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "configuration"));
	ck_assert_ptr_null(pkg_malloc(10));
	ck_assert_uint_eq(pkg_available(), 0);
	shm_free(NULL);
}
END_TEST

START_TEST(status_and_sums_go_to_the_log_at_level_memlog)
{
	open_pool(_i, SIZE);
	get(500);
	for (int i = 0; i < 3; i++)
		get(100);
	test_log_catch();
	KIND(_i) == KM_PKG ? pkg_status() : shm_status();
	ck_assert_str_eq(test_log_text(), "");
	km_tune->memlog = km_tune->debug;
	KIND(_i) == KM_PKG ? pkg_status() : shm_status();
	ck_assert_ptr_nonnull(strstr(test_log_text(), "heap size= 4194304"));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "size=500"));
	test_log_clear();
	KIND(_i) == KM_PKG ? pkg_sums() : shm_sums();
	ck_assert_ptr_nonnull(
	    strstr(test_log_text(), "count=     4 size=       800"));
	test_pool_close(&t);
}
END_TEST

/* ---- a random run against a shadow model -------------------------------- */

#define N_SHADOW 500
static struct {
	unsigned char *p;
	size_t size;
	unsigned char fill;
} shadow[N_SHADOW];

static unsigned long long random_state;

static unsigned pick(unsigned n)
{
	random_state = random_state * 6364136223846793005ULL + 1;
	return (unsigned)(random_state >> 33) % n;
}

static void shadow_check(int i, size_t size)
{
	size_t k = 0;

	while (k < size && shadow[i].p[k] == shadow[i].fill)
		k++;
	ck_assert_uint_eq(k, size);
}

static void shadow_set(int i, void *p, size_t size)
{
	shadow[i].p = p;
	shadow[i].size = size;
	shadow[i].fill = (unsigned char)pick(256);
	if (p != NULL)
		memset(p, shadow[i].fill, size);
}

static size_t random_size(void)
{
	return pick(1u << (4 + pick(12)));
}

static void random_step(void)
{
	int i = (int)pick(N_SHADOW);
	size_t size = random_size();
	void *p;

	if (shadow[i].p == NULL) {
		shadow_set(i, get(size), size);
	} else if (pick(3) == 0 && size > 0) {
		p = resize(shadow[i].p, size);
		if (p == NULL)
			return;
		shadow[i].p = p;
		shadow_check(i, size < shadow[i].size ? size : shadow[i].size);
		shadow_set(i, p, size);
	} else {
		shadow_check(i, shadow[i].size);
		put(shadow[i].p);
		shadow[i].p = NULL;
	}
}

START_TEST(a_random_run_agrees_with_a_shadow_model)
{
	const char *seed = getenv("KMEM_TEST_SEED");
	size_t sum = 0;

	random_state = seed != NULL ? strtoull(seed, NULL, 0)
				    : (unsigned long long)getpid();
	printf("# seed %llu (KMEM_TEST_SEED)\n", random_state);
	open_pool(_i, SIZE);
	km_tune->debug = -5;
	for (int i = 0; i < 20000; i++) {
		random_step();
		if (i % 100 == 0)
			test_pool_is_valid(&t);
	}
	for (int i = 0; i < N_SHADOW; i++)
		if (shadow[i].p != NULL)
			sum += shadow[i].size;
	ck_assert_uint_eq(info().used, sum);
	for (int i = 0; i < N_SHADOW; i++)
		if (shadow[i].p != NULL) {
			shadow_check(i, shadow[i].size);
			put(shadow[i].p);
		}
	test_pool_is_valid(&t);
	ck_assert_uint_eq(info().used, 0);
	trim();
	test_pool_is_valid(&t);
	ck_assert_uint_eq(info().fragments, 1);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heap");
	TCase *tcase = tcase_create("heap");

	tcase_add_loop_test(tcase, a_new_pool_is_one_free_fragment, 0, N_LOOPS);
	tcase_add_loop_test(tcase,
	    blocks_are_aligned_apart_and_counted_as_requested, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, size_zero_gives_blocks_of_their_own, 0, N_LOOPS);
	tcase_add_loop_test(tcase,
	    what_is_too_large_is_refused_with_enomem_and_a_line, 0, N_LOOPS);
	tcase_add_loop_test(tcase, realloc_grows_in_place_when_the_next_is_free,
	    0, KM_POOL_KIND__COUNT);
	tcase_add_loop_test(
	    tcase, realloc_moves_with_the_contents_when_it_must, 0, N_LOOPS);
	tcase_add_loop_test(tcase,
	    realloc_without_room_keeps_the_block_and_reallocxf_frees_it, 0,
	    N_LOOPS);
	tcase_add_loop_test(
	    tcase, mallocxz_is_zero_where_memory_was_dirty, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, every_block_names_its_line_owner_and_order, 0, N_LOOPS);
	tcase_add_test(tcase, without_a_pool_calls_return_null_and_say_why);
	tcase_add_loop_test(
	    tcase, status_and_sums_go_to_the_log_at_level_memlog, 0, N_LOOPS);
	tcase_add_loop_test(
	    tcase, a_random_run_agrees_with_a_shadow_model, 0, N_LOOPS);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
