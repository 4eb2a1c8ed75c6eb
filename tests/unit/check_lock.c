/* SPDX-License-Identifier: ISC */
/* check_lock.c - locks in shm, and the death of their holders. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/lock.h"
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
	tcase_add_test(tcase, processes_exclude_each_other);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
