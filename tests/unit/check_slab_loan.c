/* SPDX-License-Identifier: ISC */
/* check_slab_loan.c - a class that is short of blocks borrows some. */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB     ((size_t)1 << 20)
#define SHORT  704u /* bytes: a class, whose blocks ... */
#define LENDER 768u /* ... may come from this one */
#define MANY   40   /* blocks that are free of it: enough to lend */
#define FEW    4

static struct test_pool t;

static void open_shm(void)
{
	test_pool_open(&t, KM_SHM, "slab", 16 * MB);
}

static struct km_mem_info info(void)
{
	struct km_mem_info now;

	shm_info(&now);
	return now;
}

static unsigned class_for(size_t size)
{
	return slab_class_of[(size + SLAB_GRAIN - 1) / SLAB_GRAIN];
}

/* Of the block at p. */
static unsigned class_of_block(const void *p)
{
	struct slab_part *part = slab_part_of(t.pool);
	struct slab_found found;
	struct misuse misuse;

	ck_assert_int_eq(slab_find(part, p, &found, &misuse), 0);
	return (unsigned)(found.class - slab_class);
}

static void make_free(size_t size, int n)
{
	void *p[MANY];

	for (int i = 0; i < n; i++)
		p[i] = shm_malloc(size);
	for (int i = 0; i < n; i++)
		shm_free(p[i]);
}

/* All from one site: the first call of a site is a slow one. */
static void *take(size_t size)
{
	return shm_malloc(size);
}

START_TEST(who_is_short_borrows_many_at_once)
{
	const struct slab_part *part;
	struct km_mem_info before;
	void *p[SLAB_LOAN];
	uint32_t n_slow;

	open_shm();
	make_free(LENDER, MANY);
	before = info();
	part = slab_part_of(t.pool);
	p[0] = take(SHORT);
	n_slow = part->n_slow;
	for (unsigned i = 1; i < SLAB_LOAN; i++)
		p[i] = take(SHORT - i);
	ck_assert_uint_eq(part->n_slow, n_slow);
	for (unsigned i = 0; i < SLAB_LOAN; i++)
		ck_assert_uint_eq(class_of_block(p[i]), class_for(LENDER));
	ck_assert_uint_eq(info().real_used, before.real_used);
	ck_assert_uint_eq(
	    info().used, SLAB_LOAN * SHORT - SLAB_LOAN * (SLAB_LOAN - 1) / 2);
	test_pool_is_valid(&t);
	for (unsigned i = 0; i < SLAB_LOAN; i++)
		shm_free(p[i]);
	ck_assert_uint_eq(info().used, 0);
	test_pool_close(&t);
}
END_TEST

START_TEST(who_has_few_lends_none)
{
	void *p;

	open_shm();
	make_free(LENDER, FEW);
	ck_assert_uint_lt(slab_class[class_for(LENDER)].n_blocks, MANY);
	p = shm_malloc(SHORT);
	ck_assert_uint_eq(class_of_block(p), class_for(SHORT));
	test_pool_close(&t);
}
END_TEST

/* Each round needs a new loan. */
static void *use_up_a_loan(void)
{
	void *p[SLAB_LOAN];

	for (unsigned i = 0; i < SLAB_LOAN; i++)
		p[i] = shm_malloc(SHORT);
	for (unsigned i = 1; i < SLAB_LOAN; i++)
		shm_free(p[i]);
	return p[0];
}

START_TEST(who_goes_on_being_short_gets_a_span)
{
	unsigned rounds = 0;
	bool is_own = false;

	open_shm();
	make_free(LENDER, MANY);
	while (!is_own && rounds < 1000) {
		void *p = use_up_a_loan();

		is_own = class_of_block(p) == class_for(SHORT);
		shm_free(p);
		rounds++;
	}
	ck_assert(is_own);
	ck_assert_uint_gt(rounds, 10);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

START_TEST(an_aligned_block_is_never_borrowed)
{
	void *p, *q;

	open_shm();
	make_free(576, MANY);
	p = shm_malloc(512);
	ck_assert_uint_eq(class_of_block(p), class_for(576));
	for (int i = 0; i < MANY; i++) {
		q = shm_memalign(512, 512);
		ck_assert_uint_eq((uintptr_t)q % 512, 0);
		ck_assert_uint_eq(class_of_block(q), class_for(512));
	}
	test_pool_close(&t);
}
END_TEST

START_TEST(a_borrowed_block_stays_where_it_is_when_it_can)
{
	void *p;

	open_shm();
	make_free(LENDER, MANY);
	p = shm_malloc(SHORT);
	ck_assert_ptr_eq(shm_realloc(p, SHORT - 1), p);
	ck_assert_uint_eq(info().used, SHORT - 1);
	ck_assert_ptr_eq(shm_realloc(p, LENDER), p);
	ck_assert_uint_eq(info().used, LENDER);
	ck_assert_ptr_nonnull(shm_realloc(p, LENDER + 1));
	ck_assert_uint_eq(info().used, LENDER + 1);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Hints that are lent: how many of them name another tag than their block's. */
static unsigned wrong_tags(const struct slab_bin *loan, const void *page)
{
	struct slab_part *part = slab_part_of(t.pool);
	unsigned wrong = 0;

	for (const struct slab_hint *h = loan->base; h < loan->top; h++)
		if (h->page == page)
			wrong += h->tag != slab_tags_at(part, h->page) +
					       ((char *)h->addr -
						   slab_addr(part, h->page)) /
						   LENDER;
	return wrong;
}

/* The page that hints lead to is the head of a span of that class again. */
START_TEST(hints_to_an_older_span_are_not_lent)
{
	const struct slab_bin *loan;
	const void *page;
	struct slab_part *part;

	open_shm();
	make_free(LENDER, MANY);
	shm_free(shm_malloc(SHORT));
	part = slab_part_of(t.pool);
	loan = &part->loan[class_for(SHORT)];
	ck_assert_ptr_ne(loan->top, loan->base);
	page = loan->top[-1].page;
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(slab_kind(slab_load(page)), SLAB_FREE);
	/* Its tags are elsewhere now. */
	ck_assert_ptr_nonnull(shm_malloc(640));
	for (int i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(shm_malloc(LENDER));
	ck_assert_uint_eq(
	    (uint32_t)slab_load(page), part->bin[class_for(LENDER)].mine);
	ck_assert_uint_eq(wrong_tags(loan, page), 0);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

static char *next_of(const char *p)
{
	char *next;

	memcpy(&next, p, sizeof(next));
	return next;
}

/* Each in a span of its own: there is no page to be had. */
START_TEST(where_there_is_nothing_else_any_larger_block_will_do)
{
	char *all = NULL, *p, *free_ones[4];
	int n = 0, i = 0;

	test_pool_open(&t, KM_SHM, "slab", MB);
	while ((p = shm_malloc(2000)) != NULL) {
		memcpy(p, &all, sizeof(all));
		all = p;
	}
	while (shm_malloc(16) != NULL || shm_malloc(300) != NULL)
		;
	for (p = all; p != NULL && n < 4; p = next_of(p))
		if (i++ % 40 == 0)
			free_ones[n++] = p;
	ck_assert_int_eq(n, 4);
	while (n > 0)
		shm_free(free_ones[--n]);
	ck_assert_ptr_nonnull(p = take(300));
	ck_assert_uint_eq(class_of_block(p), class_for(2000));
	ck_assert_ptr_nonnull(take(299));
	ck_assert_ptr_nonnull(take(20));
	ck_assert_ptr_nonnull(take(1));
	ck_assert_ptr_null(take(1));
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_loan");
	TCase *tcase = tcase_create("slab_loan");

	tcase_add_test(tcase, who_is_short_borrows_many_at_once);
	tcase_add_test(tcase, who_has_few_lends_none);
	tcase_add_test(tcase, who_goes_on_being_short_gets_a_span);
	tcase_add_test(tcase, an_aligned_block_is_never_borrowed);
	tcase_add_test(tcase, a_borrowed_block_stays_where_it_is_when_it_can);
	tcase_add_test(tcase, hints_to_an_older_span_are_not_lent);
	tcase_add_test(
	    tcase, where_there_is_nothing_else_any_larger_block_will_do);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
