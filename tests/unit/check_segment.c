/* SPDX-License-Identifier: ISC */
/* check_segment.c - segments of both backings, and what a fork copies. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/mem.h"
#include "mem/segment.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define SIZE (1u << 20) /* bytes */

static struct segment make(int backend, size_t size)
{
	struct segment_options opt = {
		.name = "test",
		.size = size,
		.backend = (enum segment_backend)backend,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	struct segment seg;

	ck_assert_int_eq(segment_create(&seg, &opt), 0);
	ck_assert_int_eq(seg.backend, backend);
	return seg;
}

/* An address where nothing is now. */
static char *free_address(void)
{
	void *p =
	    mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	munmap(p, SIZE);
	return p;
}

START_TEST(a_size_is_rounded_up_to_pages_and_zero_is_refused)
{
	struct segment seg = make(_i, 5000);
	struct segment_options none = { .name = "none", .backend = _i };

	ck_assert_uint_eq(seg.size, 8192);
	segment_close(&seg);
	ck_assert_int_eq(segment_create(&seg, &none), -KM_EINVAL);
}
END_TEST

START_TEST(it_is_mapped_where_asked_and_seen_through_a_readonly_map)
{
	struct segment seg = make(_i, SIZE);
	char *at = free_address();
	const void *look;
	void *map;

	ck_assert_int_eq(segment_map(&seg, at, &map), 0);
	ck_assert_ptr_eq(map, at);
	ck_assert_int_eq(segment_map_readonly(&seg, &look), 0);
	ck_assert_ptr_ne(look, at);
	at[SIZE - 1] = 'x';
	ck_assert_int_eq(((const char *)look)[SIZE - 1], 'x');
	segment_unmap(&seg, look);
	segment_unmap(&seg, map);
	segment_close(&seg);
}
END_TEST

START_TEST(a_taken_address_is_refused_and_the_mapping_named)
{
	struct segment seg = make(_i, SIZE);
	void *map;

	test_log_catch();
	/* This very function's page. */
	map = (void *)((uintptr_t)&free_address & ~(uintptr_t)0xffff);
	ck_assert_int_eq(segment_map(&seg, map, &map), -KM_EADDR);
	ck_assert_ptr_nonnull(strstr(test_log_text(), "is taken by"));
	ck_assert_ptr_nonnull(strstr(test_log_text(), "check_segment"));
	segment_close(&seg);
}
END_TEST

START_TEST(a_memfd_cannot_be_cut_under_its_users)
{
	struct segment seg = make(SEGMENT_MEMFD, SIZE);

	ck_assert_int_eq(ftruncate(seg.id, 4096), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(seg.id, 2 * SIZE), -1);
	segment_close(&seg);
}
END_TEST

START_TEST(a_sysv_segment_is_private_and_goes_with_its_last_user)
{
	struct segment seg = make(SEGMENT_SYSV, SIZE);
	int id = seg.id;
	struct shmid_ds ds;

	ck_assert_int_eq(shmctl(id, IPC_STAT, &ds), 0);
	ck_assert_uint_eq(ds.shm_perm.mode & 0777, 0600);
	ck_assert(ds.shm_perm.mode & SHM_DEST);
	segment_close(&seg);
	ck_assert_int_eq(shmctl(id, IPC_STAT, &ds), -1);
}
END_TEST

/* What happens at the fork of a worker. */
START_TEST(a_copy_at_the_same_address_has_the_content_and_is_apart)
{
	struct segment seg = make(_i, SIZE), copy = make(_i, SIZE);
	char *at = free_address();
	const char *look;
	void *map;
	int status;
	pid_t pid;

	ck_assert_int_eq(segment_map(&seg, at, &map), 0);
	memcpy(at + 300000, "before", 7);
	ck_assert_int_eq(segment_copy(&seg, at, &copy), 0);
	ck_assert_int_eq(segment_map_readonly(&copy, (const void **)&look), 0);
	pid = fork();
	if (pid == 0) {
		if (segment_map_over(&copy, at) != 0 ||
		    strcmp(at + 300000, "before") != 0)
			_exit(1);
		memcpy(at + 300000, "child!", 7);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(at + 300000, "before");
	ck_assert_str_eq(look + 300000, "child!");
	segment_unmap(&copy, look);
	segment_unmap(&seg, map);
	segment_close(&copy);
	segment_close(&seg);
}
END_TEST

START_TEST(a_copy_takes_only_what_was_written)
{
	struct segment seg = make(SEGMENT_MEMFD, 64 * SIZE);
	struct segment copy = make(SEGMENT_MEMFD, 64 * SIZE);
	void *map;
	off_t data;

	ck_assert_int_eq(segment_map(&seg, NULL, &map), 0);
	((char *)map)[10 * SIZE] = 1;
	ck_assert_int_eq(segment_copy(&seg, map, &copy), 0);
	data = lseek(copy.id, 0, SEEK_DATA);
	ck_assert_int_ge(data, 8 * SIZE);
	data = lseek(copy.id, data, SEEK_HOLE);
	ck_assert_int_le(data, 12 * SIZE);
	segment_unmap(&seg, map);
	segment_close(&copy);
	segment_close(&seg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("segment");
	TCase *tcase = tcase_create("segment");

	tcase_add_loop_test(tcase,
	    a_size_is_rounded_up_to_pages_and_zero_is_refused, 0,
	    SEGMENT_BACKEND__COUNT);
	tcase_add_loop_test(tcase,
	    it_is_mapped_where_asked_and_seen_through_a_readonly_map, 0,
	    SEGMENT_BACKEND__COUNT);
	tcase_add_loop_test(tcase,
	    a_taken_address_is_refused_and_the_mapping_named, 0,
	    SEGMENT_BACKEND__COUNT);
	tcase_add_test(tcase, a_memfd_cannot_be_cut_under_its_users);
	tcase_add_test(
	    tcase, a_sysv_segment_is_private_and_goes_with_its_last_user);
	tcase_add_loop_test(tcase,
	    a_copy_at_the_same_address_has_the_content_and_is_apart, 0,
	    SEGMENT_BACKEND__COUNT);
	tcase_add_test(tcase, a_copy_takes_only_what_was_written);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
