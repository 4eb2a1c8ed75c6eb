/* SPDX-License-Identifier: ISC */
/* check_lock.c - locks in shm, and the death of their holders. */
#include "config.h"

#include <check.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/hold.h"
#include "mem/lock.h"
#include "mem/qm.h"
#include "mem/slot.h"
#include "tests/unit/check_pool.h"
#include "tests/unit/unit.h"

static struct test_pool t;

/* What the lock protects. */
struct counter {
	gen_lock_t lock;
	long n;
};

static gen_lock_t *open_lock(void)
{
	gen_lock_t *lock;

	test_pool_open(&t, KM_SHM, "qm", 1 << 20);
	lock = lock_alloc();
	ck_assert_ptr_nonnull(lock);
	ck_assert_ptr_eq(lock_init(lock), lock);
	return lock;
}

static void close_lock(gen_lock_t *lock)
{
	lock_destroy(lock);
	lock_dealloc(lock);
	test_pool_close(&t);
}

/* A child that does this and exits with its result. */
static int in_child(int (*run)(gen_lock_t *lock), gen_lock_t *lock)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(lock));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_is_busy(gen_lock_t *lock)
{
	return lock_try(lock) == -KM_EBUSY;
}

static int release_is_refused(gen_lock_t *lock)
{
	return lock_release(lock) == -KM_EPERM;
}

static int get_and_die(gen_lock_t *lock)
{
	lock_get(lock);
	return raise(SIGKILL);
}

START_TEST(one_holder_at_a_time_and_only_he_releases)
{
	gen_lock_t *lock = open_lock();

	ck_assert_int_eq(lock_release(lock), -KM_EPERM);
	ck_assert_int_eq(lock_get(lock), KM_LOCK_HELD);
	ck_assert_int_eq(in_child(try_is_busy, lock), 1);
	ck_assert_int_eq(in_child(release_is_refused, lock), 1);
	ck_assert_int_eq(lock_get(lock), -KM_EBUSY);
	ck_assert_int_eq(lock_release(lock), 0);
	ck_assert_int_eq(lock_try(lock), KM_LOCK_HELD);
	ck_assert_int_eq(lock_release(lock), 0);
	close_lock(lock);
}
END_TEST

START_TEST(after_a_death_the_next_holder_gets_it_and_is_told_once)
{
	gen_lock_t *lock = open_lock();

	ck_assert_int_eq(in_child(get_and_die, lock), -1);
	ck_assert_int_eq(lock_get(lock), KM_LOCK_OWNER_DIED);
	lock_release(lock);
	ck_assert_int_eq(lock_get(lock), KM_LOCK_HELD);
	lock_release(lock);
	ck_assert_int_eq(in_child(get_and_die, lock), -1);
	ck_assert_int_eq(lock_try(lock), KM_LOCK_OWNER_DIED);
	lock_release(lock);
	close_lock(lock);
}
END_TEST

/* ---- a wake that goes with the dead -------------------------------------- */

static struct pool_holds *holds_of(uint32_t slot)
{
	return (struct pool_holds *)pool_at(t.pool, t.pool->holds) + slot;
}

static pid_t start(
    uint32_t slot, int (*run)(gen_lock_t *lock), gen_lock_t *lock)
{
	pid_t pid = fork();

	if (pid == 0) {
		pool_use(KM_SHM, t.pool, slot);
		_exit(run(lock));
	}
	return pid;
}

static int get_and_release(gen_lock_t *lock)
{
	int rc = lock_get(lock);

	return rc != KM_LOCK_HELD ? 1 : -lock_release(lock);
}

static uint32_t *word_of(gen_lock_t *lock)
{
	return (uint32_t *)&lock->mutex.__data.__lock;
}

static void wait_until_it_sleeps(gen_lock_t *lock)
{
	while ((__atomic_load_n(word_of(lock), __ATOMIC_SEQ_CST) &
		   FUTEX_WAITERS) == 0)
		sched_yield();
}

/* As it is when who was woken has died, and another one got the lock. */
START_TEST(who_is_not_woken_looks_again)
{
	gen_lock_t *lock = open_lock();
	pid_t pid;
	int status;

	ck_assert_int_eq(lock_get(lock), KM_LOCK_HELD);
	pid = start(test_new_slot(&t), get_and_release, lock);
	wait_until_it_sleeps(lock);
	__atomic_and_fetch(word_of(lock), ~FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	ck_assert_int_eq(lock_release(lock), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close_lock(lock);
}
END_TEST

/* Until somebody wakes it. */
static int sleep_at_the_lock(gen_lock_t *lock)
{
	hold_sleep(word_of(lock), *word_of(lock), 3600000);
	return 0;
}

START_TEST(who_waits_beside_the_dead_is_woken)
{
	gen_lock_t *lock = open_lock();
	uint32_t dead = test_new_slot(&t);
	pid_t pid;
	int status;

	ck_assert_int_eq(lock_get(lock), KM_LOCK_HELD);
	pid = start(test_new_slot(&t), sleep_at_the_lock, lock);
	/* Again and again: when it sleeps is not seen. */
	do {
		holds_of(dead)->waits.lock = (uintptr_t)lock;
		slot_dead(t.pool, dead);
		ck_assert_uint_eq(holds_of(dead)->waits.lock, 0);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	lock_release(lock);
	close_lock(lock);
}
END_TEST

/* Nothing notes who waits for the lock of the pool. */
START_TEST(who_waits_for_a_pool_is_woken_after_a_death)
{
	uint32_t dead;
	gen_lock_t *lock = open_lock();
	gen_lock_t *of_pool = (gen_lock_t *)&qm_block_of(t.pool)->lock;
	pid_t pid;
	int status;

	dead = test_new_slot(&t);
	pid = start(test_new_slot(&t), sleep_at_the_lock, of_pool);
	do
		slot_dead(t.pool, dead);
	while (waitpid(pid, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	close_lock(lock);
}
END_TEST

#define N_PROCESSES 3
#define N_ROUNDS    20000

START_TEST(processes_exclude_each_other)
{
	struct counter *counter;
	int status;

	test_pool_open(&t, KM_SHM, "qm", 1 << 20);
	counter = shm_mallocxz(sizeof(*counter));
	ck_assert_ptr_nonnull(lock_init(&counter->lock));
	for (int i = 0; i < N_PROCESSES; i++)
		if (fork() == 0) {
			for (int k = 0; k < N_ROUNDS; k++) {
				lock_get(&counter->lock);
				counter->n++;
				lock_release(&counter->lock);
			}
			_exit(0);
		}
	for (int i = 0; i < N_PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(counter->n, N_PROCESSES * N_ROUNDS);
	lock_destroy(&counter->lock);
	test_pool_close(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = tcase_create("lock");

	tcase_add_test(tcase, one_holder_at_a_time_and_only_he_releases);
	tcase_add_test(
	    tcase, after_a_death_the_next_holder_gets_it_and_is_told_once);
	tcase_add_test(tcase, who_is_not_woken_looks_again);
	tcase_add_test(tcase, who_waits_beside_the_dead_is_woken);
	tcase_add_test(tcase, who_waits_for_a_pool_is_woken_after_a_death);
	tcase_add_test(tcase, processes_exclude_each_other);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
