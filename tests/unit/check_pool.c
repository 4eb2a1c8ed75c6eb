/* SPDX-License-Identifier: ISC */
/* check_pool.c - pools, and log lines, for the unit tests of mem/. */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "mem/slot.h"
#include "mem/view.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

const char *const test_managers[] = { "qm", "slab" };
const int test_n_managers = sizeof(test_managers) / sizeof(test_managers[0]);

uint32_t test_n_slots = 16;
size_t test_max_size;
bool test_guard;

static char log_text[65536];

int test_scaled(int n)
{
	const char *slow = getenv("KMEM_SLOW");
	int times = slow != NULL ? atoi(slow) : 1;

	if (times <= 1)
		return n;
	return n > times ? n / times : 1;
}

void test_pool_open(struct test_pool *t, enum km_pool_kind kind,
    const char *manager, size_t size)
{
	struct pool_options opt = {
		.kind = kind,
		.manager = manager,
		.name = kind == KM_PKG ? "pkg" : "shm",
		.n_slots = test_n_slots,
		.size = size,
		.max_size = test_max_size,
		.guard = test_guard,
	};
	size_t mapped = test_max_size > size ? test_max_size : size;
	void *map = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(pool_create(map, &opt, &t->pool), 0);
	t->size = mapped;
	pool_use(kind, t->pool, 0);
}

uint32_t test_new_slot(const struct test_pool *t)
{
	uint32_t slot;

	ck_assert_int_eq(slot_claim(t->pool, &slot), 0);
	slot_set(t->pool, slot, (int32_t)getpid() + (int32_t)slot, 0, "test");
	return slot;
}

void test_pool_close(struct test_pool *t)
{
	pool_use(t->pool->kind, NULL, 0);
	munmap(t->pool, t->size);
	t->pool = NULL;
}

void test_pool_is_valid(const struct test_pool *t)
{
	size_t used = 0, blocks = 0, room = 0, fragments = 0;
	struct view_walk walk = { .with_free = true };
	struct km_mem_info info;
	struct view_block block;
	struct view *view;
	int rc;

	ck_assert_int_eq(view_open_map(t->pool, t->size, &view), 0);
	ck_assert_int_eq(view_info(view, &info), 0);
	while ((rc = view_next(view, &walk, &block)) == 1) {
		if (block.is_free) {
			room += block.room;
			fragments++;
		} else {
			must(block.size <= block.room);
			used += block.size;
			blocks++;
		}
	}
	ck_assert_int_eq(rc, 0);
	view_close(&view);

	ck_assert_uint_eq(info.total, info.free + info.real_used);
	ck_assert_uint_le(info.used, info.real_used);
	ck_assert_uint_le(info.real_used, info.max_used);
	ck_assert_uint_eq(info.used, used);
	ck_assert_uint_eq(info.blocks, blocks);
	ck_assert_uint_eq(info.free, room);
	ck_assert_uint_eq(info.fragments, fragments);
}

static void keep(int level, const char *text)
{
	size_t len = strlen(log_text);

	snprintf(log_text + len, sizeof(log_text) - len, "%s: %s\n",
	    km_log_level_name(level), text);
}

void test_log_catch(void)
{
	test_log_clear();
	km_log_set_writer(keep);
}

void test_log_clear(void)
{
	log_text[0] = '\0';
}

const char *test_log_text(void)
{
	return log_text;
}
