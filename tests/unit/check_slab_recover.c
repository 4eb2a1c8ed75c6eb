/* SPDX-License-Identifier: ISC */
/* check_slab_recover.c - what the dead and the stopped leave, made by hand. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mem/manager.h"
#include "mem/shm_mem.h"
#include "mem/slab_part.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

enum {
	MINE,
	LIVE,
	DEAD
}; /* slots */

static struct test_pool t;

static void open_shm(void)
{
	uint32_t slot;

	test_pool_open(&t, KM_SHM, "slab", MB);
	for (uint32_t i = MINE; i <= DEAD; i++) {
		ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
		slot_set(t.pool, slot, (int32_t)getpid(), 0, "test");
	}
	slab_of(t.pool)->max_slot = DEAD;
	test_log_catch();
}

static struct pool_slot *slot_at(uint32_t slot)
{
	return (struct pool_slot *)pool_at(t.pool, t.pool->slots) + slot;
}

static struct slab_page *page_of(const void *p)
{
	uintptr_t data = (uintptr_t)pool_at(t.pool, slab_of(t.pool)->data);

	return slab_pages(t.pool) + ((uintptr_t)p - data) / SLAB_PAGE;
}

/* A span without a live block. */
static struct slab_page *empty_span(void)
{
	void *p = shm_malloc(100);

	shm_free(p);
	ck_assert_uint_eq(slab_kind(page_of(p)->word), SLAB_SPAN);
	return page_of(p);
}

/*
 * LIVE has announced the span and looked at its word; then DEAD took it and was
 * killed.  LIVE is going to make a block live.
 */
START_TEST(a_span_of_the_dead_is_left_to_whoever_is_still_in_it)
{
	struct slab_page *page;

	open_shm();
	page = empty_span();
	slot_at(LIVE)->busy = (uintptr_t)page;
	page->word = slab_owned(page->word, SLAB_SPAN, DEAD);
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(slab_kind(page->word), SLAB_ABAND);
	while (shm_malloc(100) != NULL)
		ck_assert_uint_eq(slab_kind(page->word), SLAB_ABAND);
	slot_at(LIVE)->busy = 0;
	ck_assert_ptr_nonnull(shm_malloc(100));
	ck_assert_uint_eq(slab_kind(page->word), SLAB_SPAN);
	test_pool_close(&t);
}
END_TEST

START_TEST(an_empty_span_of_the_dead_is_free)
{
	struct slab_page *page;

	open_shm();
	page = empty_span();
	slot_at(DEAD)->busy = (uintptr_t)page;
	page->word = slab_owned(page->word, SLAB_SPAN, DEAD);
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(slab_kind(page->word), SLAB_FREE);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Who was killed looked for one: it had taken the hint down, and no more. */
START_TEST(an_abandoned_span_that_the_dead_was_looking_for_is_found)
{
	struct slab_page *page;

	open_shm();
	page = empty_span();
	page->word = slab_owned(page->word, SLAB_ABAND, 0);
	slab_of(t.pool)->aband[slab_word_class(page->word)] = 0;
	slot_dead(t.pool, DEAD);
	ck_assert_ptr_eq(page_of(shm_malloc(100)), page);
	ck_assert_uint_eq(slab_kind(page->word), SLAB_SPAN);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Somebody takes hints down, looks at pages, and is stopped there. */
START_TEST(pages_whose_hints_are_down_are_found)
{
	open_shm();
	memset(pool_at(t.pool, slab_of(t.pool)->hints), 0, 4);
	ck_assert_ptr_nonnull(shm_malloc(100));
	memset(pool_at(t.pool, slab_of(t.pool)->hints), 0, 4);
	ck_assert_ptr_nonnull(shm_malloc(100000));
	test_pool_close(&t);
}
END_TEST

/* LIVE is stopped, and has a page that it was claiming. */
START_TEST(nobody_waits_long_for_a_claim_of_one_who_is_stopped)
{
	struct slab_page *page;
	clock_t before;
	void *p = NULL, *last = NULL;

	open_shm();
	while ((p = shm_malloc(50000)) != NULL)
		last = p;
	page = page_of(last);
	page->word = slab_res(LIVE, slab_word_head(page[1].word));
	while (shm_malloc(4096) != NULL)
		;
	before = clock();
	ck_assert_ptr_null(shm_malloc(50000));
	ck_assert_ptr_null(shm_malloc(4096));
	ck_assert_int_lt(clock() - before, CLOCKS_PER_SEC / 4);
	test_pool_close(&t);
}
END_TEST

/* DEAD has grown the run, and was killed before RES became CONT. */
START_TEST(a_run_that_the_dead_has_grown_is_cut_by_the_living)
{
	struct slab_page *page;
	char *p;

	open_shm();
	p = shm_malloc(100000);
	page = page_of(p);
	page[20].word = slab_res(DEAD, slab_word_head(page[19].word));
	ck_assert_ptr_eq(shm_realloc(p, 50000), p);
	ck_assert_uint_eq(page[20].word, SLAB_FREE);
	slot_dead(t.pool, DEAD);
	shm_free(p);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

/* Threads of a process have slots of their own. */
START_TEST(with_a_process_all_its_threads_are_dead)
{
	struct slab_page *page;

	open_shm();
	page = empty_span();
	page->word = slab_owned(page->word, SLAB_SPAN, LIVE);
	for (uint32_t i = LIVE; i <= DEAD; i++)
		slot_set(t.pool, i, 12345678, 1, "two threads");
	slot_dead_process(t.pool, DEAD);
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_DEAD);
	ck_assert_uint_eq(slot_at(LIVE)->state, SLOT_DEAD);
	ck_assert_uint_eq(slot_at(MINE)->state, SLOT_LIVE);
	ck_assert_uint_eq(slab_kind(page->word), SLAB_FREE);
	test_pool_close(&t);
}
END_TEST

/* Those slots that it has left may be another's by now. */
START_TEST(of_a_process_whose_slots_are_not_known_all_are_dead)
{
	open_shm();
	slot_set(t.pool, LIVE, 12345678, 1, "an ended thread");
	slot_left(t.pool, LIVE);
	slot_set(t.pool, DEAD, 12345678, 1, "a thread");
	ck_assert_uint_eq(slot_dead_all(t.pool, 12345678, 1), POOL_NO_SLOT);
	ck_assert_uint_eq(slot_at(LIVE)->state, SLOT_LEFT);
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_LIVE);
	ck_assert_uint_ne(slot_dead_all(t.pool, 12345678, 0), POOL_NO_SLOT);
	ck_assert_uint_eq(slot_at(LIVE)->state, SLOT_DEAD);
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_DEAD);
	ck_assert_uint_eq(slot_at(MINE)->state, SLOT_LIVE);
	/* Given out again, it has the pid of the dead until it is set. */
	slot_at(LIVE)->state = slot_claimed_by(getpid());
	slot_at(DEAD)->state = SLOT_FREE;
	ck_assert_uint_eq(slot_dead_all(t.pool, 12345678, 0), POOL_NO_SLOT);
	ck_assert(slot_is_claimed(slot_at(LIVE)->state));
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_FREE);
	test_pool_close(&t);
}
END_TEST

/* Its only thread may have ended before it did. */
START_TEST(what_has_left_is_dead_with_its_process)
{
	open_shm();
	slot_set(t.pool, DEAD, 12345678, 1, "a thread");
	slot_left(t.pool, DEAD);
	slot_dead_process(t.pool, DEAD);
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_DEAD);
	test_pool_close(&t);
}
END_TEST

static struct slab_page *lowest_tags(void)
{
	struct slab_page *page = slab_pages(t.pool);

	while (slab_kind(page->word) != SLAB_TAGS)
		page++;
	return page;
}

static uint32_t claim(int32_t pid)
{
	uint32_t slot;

	ck_assert_int_eq(slot_claim(t.pool, &slot), 0);
	ck_assert_int_eq(slot_claimer(slot_at(slot)->state), getpid());
	slot_at(slot)->state = slot_claimed_by(pid);
	return slot;
}

/* A thread was killed between its claim and its name. */
START_TEST(what_the_dead_had_claimed_is_free)
{
	uint32_t dead, other, mine;

	open_shm();
	slot_at(DEAD)->pid = 0x3fffff;
	dead = claim(0x3fffff);
	other = claim(0x3ffffe);
	slot_dead_process(t.pool, DEAD);
	ck_assert_uint_eq(slot_at(DEAD)->state, SLOT_DEAD);
	ck_assert_uint_eq(slot_at(dead)->state, SLOT_FREE);
	ck_assert(slot_is_claimed(slot_at(other)->state));
	ck_assert(!slot_pass_claim(t.pool, other, 0x3fffff));
	ck_assert(slot_pass_claim(t.pool, other, 0x3ffffe));
	ck_assert_int_eq(slot_claimer(slot_at(other)->state), getpid());
	ck_assert_int_eq(slot_claim(t.pool, &mine), 0);
	ck_assert_uint_eq(mine, dead);
	test_pool_close(&t);
}
END_TEST

/* DEAD was making tags of it: no guard would mean tags that never go back. */
START_TEST(a_guard_that_the_dead_was_moving_is_one_again)
{
	struct slab_page *tags;
	void *p;

	open_shm();
	p = shm_malloc(100);
	tags = lowest_tags();
	ck_assert_uint_eq(tags[-1].word, SLAB_GUARD);
	tags[-1].word =
	    slab_res(DEAD, (uint64_t)(tags - slab_pages(t.pool)) - 1);
	tags[-2].word =
	    slab_res(DEAD, (uint64_t)(tags - slab_pages(t.pool)) - 2);
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(tags[-1].word, SLAB_GUARD);
	ck_assert_uint_eq(tags[-2].word, SLAB_FREE);
	shm_free(p);
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(tags[0].word, SLAB_FREE);
	ck_assert_uint_eq(tags[-1].word, SLAB_FREE);
	test_pool_close(&t);
}
END_TEST

/*
 * Who does not hold it has found the block, and goes on when its span has been
 * returned: what the row says then is no unit.
 */
START_TEST(a_block_whose_span_is_gone_has_no_tag)
{
	struct slab_found found;
	struct misuse misuse;
	uint64_t tag;
	void *p;

	open_shm();
	p = shm_malloc(100);
	ck_assert_int_eq(
	    slab_find(slab_part_of(t.pool), p, &found, &misuse), 0);
	ck_assert_ptr_nonnull(slab_tag_of(slab_part_of(t.pool), &found, &tag));
	ck_assert_uint_ne(tag & SLAB_LIVE, 0);
	shm_free(p);
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(found.page->word, SLAB_FREE);
	ck_assert_ptr_null(slab_tag_of(slab_part_of(t.pool), &found, &tag));
	ck_assert_uint_eq(tag, 0);
	ck_assert_int_eq(
	    slab_span_free_far(slab_part_of(t.pool), &found, 1, &misuse),
	    -KM_EINVAL);
	ck_assert_int_eq(misuse.kind, MISUSE_FREED);
	/* Another life, of the same class. */
	p = shm_malloc(100);
	ck_assert_ptr_eq(page_of(p), found.page);
	ck_assert_ptr_null(slab_tag_of(slab_part_of(t.pool), &found, &tag));
	test_pool_close(&t);
}
END_TEST

#define LEAKED ((uint64_t)1 << 63) /* the last unit of a page of tags */

/* DEAD was claiming it; or LIVE still is. */
START_TEST(a_unit_that_nobody_names_is_free_again)
{
	struct slab_page *tags;

	open_shm();
	(void)shm_malloc(100);
	tags = lowest_tags();
	tags->units |= LEAKED;
	slot_at(LIVE)->claim =
	    (uint64_t)(tags - slab_pages(t.pool)) * SLAB_UNITS + 1;
	slot_dead(t.pool, DEAD);
	ck_assert_uint_ne(tags->units & LEAKED, 0);
	slot_at(LIVE)->claim = 0;
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(tags->units & LEAKED, 0);
	ck_assert_uint_ne(tags->units, 0);
	ck_assert_uint_eq(tags->word, SLAB_TAGS);
	test_pool_close(&t);
}
END_TEST

/* Whoever has closed it, and is stopped, has that page alone. */
START_TEST(of_a_closed_page_nobody_claims_units)
{
	struct slab_page *tags;
	uint64_t units;

	open_shm();
	(void)shm_malloc(100);
	tags = lowest_tags();
	tags->word = slab_with_slot(SLAB_CLOSED, DEAD);
	units = tags->units;
	ck_assert_ptr_nonnull(shm_malloc(1000));
	ck_assert_uint_eq(tags->units, units);
	ck_assert_ptr_ne(lowest_tags(), tags);
	slot_dead(t.pool, DEAD);
	ck_assert_uint_eq(tags->word, SLAB_TAGS);
	test_pool_close(&t);
}
END_TEST

/* Word and unit of a span that others change may be of two lives. */
START_TEST(no_tag_outside_the_pool_is_read)
{
	struct pool_options opt = { KM_SHM, "slab", "shm", 4, MB };
	char *map = mmap(NULL, MB + SLAB_PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slab_page *page;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + MB, SLAB_PAGE, PROT_NONE), 0);
	ck_assert_int_eq(pool_create(map, &opt, &t.pool), 0);
	pool_use(KM_SHM, t.pool, 0);
	page = empty_span();
	page->word = slab_owned(page->word, SLAB_SPAN, LIVE) & ~SLAB_CLASS_MASK;
	page->unit = slab_of(t.pool)->n_pages * SLAB_UNITS - 1;
	manager_slab.trim(t.pool);
	ck_assert_uint_eq(slab_kind(page->word), SLAB_SPAN);
	pool_use(KM_SHM, NULL, 0);
	munmap(map, MB + SLAB_PAGE);
}
END_TEST

/* ---- all pages, but not those that were never claimed ------------------- */

/* Pages that a loop over all comes to; all that are not free are among them. */
static uint64_t count_seen(const struct slab_part *part)
{
	uint64_t all = slab_n_pages(part->slab), seen = 0, at = 0;

	for (uint64_t i = slab_next_page(part, 0); i < all;
	     i = slab_next_page(part, i + 1)) {
		for (; at < i; at++)
			must(slab_load(&part->pages[at]) == SLAB_FREE);
		at = i + 1;
		seen++;
	}
	for (; at < all; at++)
		must(slab_load(&part->pages[at]) == SLAB_FREE);
	return seen;
}

START_TEST(a_loop_over_all_pages_skips_what_was_never_claimed)
{
	struct slab_part *part;
	uint64_t all;
	void *p;

	test_pool_open(&t, KM_SHM, "slab", 64 * MB);
	part = slab_part_of(t.pool);
	all = slab_n_pages(part->slab);
	ck_assert_uint_eq(count_seen(part), 0);
	shm_free(shm_malloc(100));
	/* Data at one end, tags at the other. */
	ck_assert_uint_le(count_seen(part), 4 * SLAB_GROUP);
	p = shm_malloc(20 * MB);
	ck_assert_uint_ge(count_seen(part), 20 * MB / SLAB_PAGE);
	p = shm_realloc(p, 40 * MB);
	ck_assert_uint_ge(count_seen(part), 40 * MB / SLAB_PAGE);
	test_pool_is_valid(&t);
	shm_free(p);
	while (shm_malloc(3000) != NULL)
		;
	ck_assert_uint_gt(count_seen(part), all - SLAB_GROUP);
	test_pool_is_valid(&t);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slab_recover");
	TCase *tcase = tcase_create("slab_recover");

	tcase_add_test(
	    tcase, a_span_of_the_dead_is_left_to_whoever_is_still_in_it);
	tcase_add_test(tcase, an_empty_span_of_the_dead_is_free);
	tcase_add_test(
	    tcase, an_abandoned_span_that_the_dead_was_looking_for_is_found);
	tcase_add_test(tcase, pages_whose_hints_are_down_are_found);
	tcase_add_test(
	    tcase, a_loop_over_all_pages_skips_what_was_never_claimed);
	tcase_add_test(
	    tcase, nobody_waits_long_for_a_claim_of_one_who_is_stopped);
	tcase_add_test(
	    tcase, a_run_that_the_dead_has_grown_is_cut_by_the_living);
	tcase_add_test(tcase, with_a_process_all_its_threads_are_dead);
	tcase_add_test(
	    tcase, of_a_process_whose_slots_are_not_known_all_are_dead);
	tcase_add_test(tcase, what_has_left_is_dead_with_its_process);
	tcase_add_test(tcase, what_the_dead_had_claimed_is_free);
	tcase_add_test(tcase, a_guard_that_the_dead_was_moving_is_one_again);
	tcase_add_test(tcase, a_block_whose_span_is_gone_has_no_tag);
	tcase_add_test(tcase, a_unit_that_nobody_names_is_free_again);
	tcase_add_test(tcase, of_a_closed_page_nobody_claims_units);
	tcase_add_test(tcase, no_tag_outside_the_pool_is_read);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
