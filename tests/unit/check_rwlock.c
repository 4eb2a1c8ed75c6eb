/* SPDX-License-Identifier: ISC */
/* check_rwlock.c - readers, writers, conditions, and who of them is killed. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/manager.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

#define N_CHILDREN 4

static struct test_pool t;

/* In shm. */
static struct shared {
	struct km_rwlock rw;
	struct km_lock lock;
	struct km_cond cond;
	long a, b; /* equal, but while somebody writes */
	int stay;  /* in the lock */
	int is_in;
	int queue, taken; /* of the condition */
	unsigned count;
} * shared;

static struct pool_holds *holds_of(uint32_t slot)
{
	return (struct pool_holds *)pool_at(t.pool, t.pool->holds) + slot;
}

static void open_shm(int i)
{
	test_pool_open(&t, KM_SHM, test_managers[i], 1 << 20);
	ck_assert_uint_eq(test_new_slot(&t), 0);
	test_log_catch();
	shared = shm_mallocxz(sizeof(*shared));
	ck_assert_ptr_nonnull(lock_rw_init(&shared->rw));
	ck_assert_ptr_nonnull(lock_init(&shared->lock));
	lock_cond_init(&shared->cond);
}

static pid_t start(uint32_t slot, int (*run)(unsigned seed), unsigned seed)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pool_use(KM_SHM, t.pool, slot);
		_exit(run(seed));
	}
	return pid;
}

static void wait_for(const int *word, int value)
{
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value)
		sched_yield();
}

static void wait_until_waits(uint32_t slot)
{
	while (
	    __atomic_load_n(&holds_of(slot)->waits.lock, __ATOMIC_SEQ_CST) == 0)
		sched_yield();
}

static int result_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void bury(pid_t pid, uint32_t slot)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(result_of(pid), -1);
	slot_dead(t.pool, slot);
}

/* ---- what a child does -------------------------------------------------- */

static void stay(void)
{
	__atomic_store_n(&shared->is_in, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->stay, __ATOMIC_SEQ_CST) != 0)
		sched_yield();
}

static int read_once(unsigned seed)
{
	int rc = lock_read(&shared->rw);

	stay();
	lock_rw_release(&shared->rw);
	return rc;
}

static int write_once(unsigned seed)
{
	int rc = lock_write(&shared->rw);

	stay();
	lock_rw_release(&shared->rw);
	return rc;
}

/* ---- readers and writers ------------------------------------------------ */

START_TEST(readers_share_and_a_writer_is_alone)
{
	uint32_t slot[2];
	pid_t pid[2];

	open_shm(_i);
	slot[0] = test_new_slot(&t);
	slot[1] = test_new_slot(&t);
	ck_assert_int_eq(lock_read(&shared->rw), KM_LOCK_HELD);
	ck_assert_int_eq(result_of(start(slot[0], read_once, 0)), KM_LOCK_HELD);
	shared->is_in = 0;
	pid[0] = start(slot[0], write_once, 0);
	wait_until_waits(slot[0]);
	/* A writer waits: so do those who come to read. */
	pid[1] = start(slot[1], read_once, 0);
	wait_until_waits(slot[1]);
	ck_assert_int_eq(shared->is_in, 0);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	ck_assert_int_eq(result_of(pid[0]), KM_LOCK_HELD);
	ck_assert_int_eq(result_of(pid[1]), KM_LOCK_HELD);
	ck_assert_int_eq(lock_rw_release(&shared->rw), -KM_EPERM);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_reader_waits_for_the_writer)
{
	uint32_t slot;
	pid_t pid;

	open_shm(_i);
	slot = test_new_slot(&t);
	ck_assert_int_eq(lock_write(&shared->rw), KM_LOCK_HELD);
	pid = start(slot, read_once, 0);
	wait_until_waits(slot);
	ck_assert_int_eq(shared->is_in, 0);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	ck_assert_int_eq(result_of(pid), KM_LOCK_HELD);
	test_pool_close(&t);
}
END_TEST

/* Under qm all threads of a process are one participant: there it is not seen.
 */
START_TEST(asked_for_once_more_it_says_so)
{
	open_shm(_i);
	ck_assert_int_eq(lock_write(&shared->rw), 0);
	ck_assert_int_eq(lock_write(&shared->rw), -KM_EBUSY);
	if (t.pool->manager != MANAGER_QM)
		ck_assert_int_eq(lock_read(&shared->rw), -KM_EBUSY);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	ck_assert_int_eq(lock_read(&shared->rw), 0);
	if (t.pool->manager != MANAGER_QM) {
		ck_assert_int_eq(lock_read(&shared->rw), -KM_EBUSY);
		ck_assert_int_eq(lock_write(&shared->rw), -KM_EBUSY);
	}
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	test_pool_close(&t);
}
END_TEST

START_TEST(there_are_seven_at_most)
{
	struct km_rwlock *rw;

	open_shm(_i);
	rw = shm_mallocxz(8 * sizeof(*rw));
	for (int i = 0; i < 8; i++)
		ck_assert_ptr_nonnull(lock_rw_init(&rw[i]));
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(
		    i % 2 ? lock_read(&rw[i]) : lock_write(&rw[i]), 0);
	ck_assert_int_eq(lock_read(&rw[7]), -KM_EFULL);
	ck_assert_int_eq(lock_write(&rw[7]), -KM_EFULL);
	/* Another kind of lock is not listed, but had. */
	ck_assert_int_eq(lock_get(&shared->lock), 0);
	ck_assert_int_eq(lock_release(&shared->lock), 0);
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(lock_rw_release(&rw[i]), 0);
	ck_assert_int_eq(lock_write(&rw[7]), 0);
	ck_assert_int_eq(lock_rw_release(&rw[7]), 0);
	test_pool_close(&t);
	ck_assert_int_eq(KM_LOCK_HELD, 0);
}
END_TEST

START_TEST(without_a_pool_there_is_none)
{
	struct km_rwlock rw;

	ck_assert_ptr_nonnull(lock_rw_init(&rw));
	ck_assert_int_eq(lock_read(&rw), -KM_EREADY);
	ck_assert_int_eq(lock_write(&rw), -KM_EREADY);
	ck_assert_int_eq(lock_rw_release(&rw), -KM_EPERM);
	lock_rw_destroy(&rw);
}
END_TEST

/* ---- deaths ------------------------------------------------------------- */

START_TEST(a_dead_reader_lets_the_writer_in)
{
	uint32_t reader, writer;
	pid_t dead, next;

	open_shm(_i);
	reader = test_new_slot(&t);
	writer = test_new_slot(&t);
	shared->stay = 1;
	dead = start(reader, read_once, 0);
	wait_for(&shared->is_in, 1);
	kill(dead, SIGSTOP);
	waitpid(dead, NULL, WUNTRACED);
	shared->stay = 0;
	next = start(writer, write_once, 0);
	wait_until_waits(writer);
	bury(dead, reader);
	ck_assert_int_eq(result_of(next), KM_LOCK_HELD);
	test_pool_close(&t);
}
END_TEST

START_TEST(behind_a_dead_writer_a_reader_is_alone_and_repairs)
{
	uint32_t slot[3];
	pid_t pid;

	open_shm(_i);
	for (int i = 0; i < 3; i++)
		slot[i] = test_new_slot(&t);
	shared->stay = 1;
	pid = start(slot[0], write_once, 0);
	wait_for(&shared->is_in, 1);
	bury(pid, slot[0]);
	/* Who is killed in the repair passes it on. */
	shared->is_in = 0;
	pid = start(slot[1], read_once, 0);
	wait_for(&shared->is_in, 1);
	bury(pid, slot[1]);
	shared->stay = 0;
	ck_assert_int_eq(lock_read(&shared->rw), KM_LOCK_OWNER_DIED);
	shared->is_in = 0;
	pid = start(slot[2], read_once, 0);
	wait_until_waits(slot[2]);
	ck_assert_int_eq(shared->is_in, 0);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	ck_assert_int_eq(result_of(pid), KM_LOCK_HELD);
	ck_assert_int_eq(lock_write(&shared->rw), KM_LOCK_HELD);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	test_pool_close(&t);
}
END_TEST

START_TEST(a_writer_that_dies_before_it_writes_has_broken_nothing)
{
	uint32_t slot;
	pid_t pid;

	open_shm(_i);
	slot = test_new_slot(&t);
	ck_assert_int_eq(lock_read(&shared->rw), KM_LOCK_HELD);
	pid = start(slot, write_once, 0);
	wait_until_waits(slot);
	bury(pid, slot);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	ck_assert_int_eq(lock_read(&shared->rw), KM_LOCK_HELD);
	ck_assert_int_eq(lock_rw_release(&shared->rw), 0);
	test_pool_close(&t);
}
END_TEST

/* Both, and a repair when told; a failure is an exit status. */
static int use_for_ever(unsigned seed)
{
	for (;;) {
		bool writes = rand_r(&seed) % 4 == 0;
		int rc =
		    writes ? lock_write(&shared->rw) : lock_read(&shared->rw);

		if (rc < 0)
			return 2;
		if (rc == KM_LOCK_OWNER_DIED)
			shared->b = shared->a;
		if (__atomic_load_n(&shared->a, __ATOMIC_RELAXED) !=
		    __atomic_load_n(&shared->b, __ATOMIC_RELAXED))
			return 3;
		if (writes) {
			shared->a++;
			if (rand_r(&seed) % 8 == 0)
				sched_yield();
			shared->b++;
		}
		if (lock_rw_release(&shared->rw) != 0)
			return 4;
		__atomic_add_fetch(&shared->count, 1, __ATOMIC_RELAXED);
	}
}

START_TEST(whoever_is_killed_the_others_go_on)
{
	unsigned seed = (unsigned)time(NULL), count;
	uint32_t slot[N_CHILDREN];
	pid_t pid[N_CHILDREN];

	printf("# seed %u\n", seed);
	open_shm(_i);
	for (int i = 0; i < N_CHILDREN; i++) {
		slot[i] = test_new_slot(&t);
		pid[i] = start(slot[i], use_for_ever, seed++);
	}
	for (int n = test_scaled(200); n > 0; n--) {
		int i = rand_r(&seed) % N_CHILDREN;

		/* Of those alive each goes on: so somebody gets it. */
		count = __atomic_load_n(&shared->count, __ATOMIC_RELAXED);
		while (
		    __atomic_load_n(&shared->count, __ATOMIC_RELAXED) - count <
		    (unsigned)rand_r(&seed) % 64 + 1)
			sched_yield();
		bury(pid[i], slot[i]);
		slot[i] = test_new_slot(&t);
		pid[i] = start(slot[i], use_for_ever, seed++);
	}
	for (int i = 0; i < N_CHILDREN; i++)
		bury(pid[i], slot[i]);
	test_pool_close(&t);
}
END_TEST

/* ---- conditions --------------------------------------------------------- */

static int take_one(unsigned seed)
{
	int rc = lock_get(&shared->lock);

	while (rc >= 0 && shared->queue == 0)
		rc = lock_cond_wait(&shared->cond, &shared->lock);
	shared->queue--;
	shared->taken++;
	lock_release(&shared->lock);
	return rc;
}

static void give(int n)
{
	ck_assert_int_ge(lock_get(&shared->lock), 0);
	shared->queue += n;
	if (n == 1)
		lock_cond_signal(&shared->cond);
	else
		lock_cond_broadcast(&shared->cond);
	lock_release(&shared->lock);
}

START_TEST(who_waits_is_woken)
{
	uint32_t slot[N_CHILDREN];
	pid_t pid[N_CHILDREN];

	open_shm(_i);
	for (int i = 0; i < N_CHILDREN; i++) {
		slot[i] = test_new_slot(&t);
		pid[i] = start(slot[i], take_one, 0);
		wait_until_waits(slot[i]);
	}
	/* Each second it looks by itself, and is not there for a moment. */
	while (
	    (holds_of(slot[0])->waits.lock & HOLD_KIND_MASK) != HOLD_CONDITION)
		sched_yield();
	give(1);
	wait_for(&shared->taken, 1);
	give(N_CHILDREN - 1);
	for (int i = 0; i < N_CHILDREN; i++)
		ck_assert_int_eq(result_of(pid[i]), KM_LOCK_HELD);
	ck_assert_int_eq(shared->queue, 0);
	ck_assert_int_eq(
	    lock_cond_wait(&shared->cond, &shared->lock), -KM_EPERM);
	test_pool_close(&t);
}
END_TEST

/* The wake that was for the dead is lost; the other one looks by itself. */
START_TEST(a_wake_that_dies_is_not_waited_for)
{
	uint32_t slot[2];
	pid_t pid[2];

	open_shm(_i);
	for (int i = 0; i < 2; i++) {
		slot[i] = test_new_slot(&t);
		pid[i] = start(slot[i], take_one, 0);
		wait_until_waits(slot[i]);
	}
	bury(pid[0], slot[0]);
	ck_assert_int_ge(lock_get(&shared->lock), 0);
	shared->queue++; /* and nobody signals */
	lock_release(&shared->lock);
	ck_assert_int_eq(result_of(pid[1]), KM_LOCK_HELD);
	test_pool_close(&t);
}
END_TEST

/* ---- notes -------------------------------------------------------------- */

START_TEST(it_is_noted_who_has_what_from_where)
{
	const struct pool_holds *mine;
	struct view_site site;
	struct view *view;

	open_shm(_i);
	mine = holds_of(0);
	lock_get(&shared->lock);
	lock_read(&shared->rw);
	ck_assert_uint_eq(mine->has[0].lock, (uintptr_t)&shared->lock);
	ck_assert_uint_eq(
	    mine->has[1].lock, (uintptr_t)&shared->rw | HOLD_SHARED);
	ck_assert_int_eq(view_open_map(t.pool, t.size, &view), 0);
	view_site(view, mine->has[1].site, &site);
	ck_assert_str_eq(site.func, __func__);
	view_close(&view);
	lock_release(&shared->lock);
	ck_assert_uint_eq(mine->has[0].lock, 0);
	lock_rw_release(&shared->rw);
	ck_assert_uint_eq(mine->has[1].lock, 0);
	/* One who was killed has nothing. */
	lock_write(&shared->rw);
	slot_dead(t.pool, 0);
	ck_assert_uint_eq(mine->has[0].lock, 0);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rwlock");
	TCase *tc = tcase_create("rwlock");
	int n = test_n_managers;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, readers_share_and_a_writer_is_alone, 0, n);
	tcase_add_loop_test(tc, a_reader_waits_for_the_writer, 0, n);
	tcase_add_loop_test(tc, asked_for_once_more_it_says_so, 0, n);
	tcase_add_loop_test(tc, there_are_seven_at_most, 0, n);
	tcase_add_test(tc, without_a_pool_there_is_none);
	tcase_add_loop_test(tc, a_dead_reader_lets_the_writer_in, 0, n);
	tcase_add_loop_test(
	    tc, behind_a_dead_writer_a_reader_is_alone_and_repairs, 0, n);
	tcase_add_loop_test(
	    tc, a_writer_that_dies_before_it_writes_has_broken_nothing, 0, n);
	tcase_add_loop_test(tc, whoever_is_killed_the_others_go_on, 0, n);
	tcase_add_loop_test(tc, who_waits_is_woken, 0, n);
	tcase_add_loop_test(tc, a_wake_that_dies_is_not_waited_for, 0, n);
	tcase_add_loop_test(tc, it_is_noted_who_has_what_from_where, 0, n);
	return run_suite(suite);
}
