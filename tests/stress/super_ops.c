/* SPDX-License-Identifier: ISC */
/* super_ops.c - what a supervisor does while it is killed: a row of each. */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mem/clock.h"
#include "mem/mem.h"
#include "mem/shm_mem.h"
#include "tests/stress/points_chunk.h"
#include "tests/stress/points_kmemd.h"
#include "tests/stress/super_points.h"

#define MB ((size_t)1 << 20)

/* ---- a question --------------------------------------------------------- */

static bool is_answered;

static void tell(const char *method, const char *params)
{
	char request[256];
	int len = snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n",
	    method, params);

	is_answered = false;
	if (talk_send(&super.talk, request, (size_t)len, 1000) != 0)
		super_fail("%s cannot be asked", method);
}

static bool has_answered(void)
{
	is_answered = is_answered || talk_line(&super.talk, 0) != NULL;
	return is_answered;
}

/* Of the next one; it may say that there is nothing left to do. */
static void ask_again(const char *method, const char *params)
{
	struct json_object *reply;

	points_ask(&super.talk, method, params, &reply);
	if (reply == NULL)
		super_fail("%s is not answered", method);
	json_object_put(reply);
}

/* ---- a member ----------------------------------------------------------- */

static struct {
	bool is_heard;
	struct member_answer answer;
	struct member_answer has; /* its blocks */
	pid_t dead;
} member;

static void tell_member(enum member_order order)
{
	member.is_heard = false;
	member_tell(order);
}

static bool member_has_answered(void)
{
	member.is_heard = member.is_heard || member_hear(&member.answer);
	return member.is_heard;
}

static int answer_of_member(void)
{
	if (!member.is_heard)
		member.answer = member_await();
	member.is_heard = true;
	return member.answer.rc;
}

static void member_joins(void)
{
	member_start();
	member_do(MEMBER_ATTACH);
	member_tell(MEMBER_TAKE);
	member.has = member_await();
	if (member.has.rc != 0)
		super_fail("the member gets no memory");
}

static void member_works(void)
{
	member_joins();
	member_do(MEMBER_WORK);
}

static void member_dies(void)
{
	member.dead = member_pid;
	member_kill();
}

/* What it has left is there; what it owned is not. */
static bool member_is_settled(void)
{
	return !points_is_live(member.dead) &&
	       look_used() == look_used_before() + MEMBER_PLAIN;
}

static void member_has_died(void)
{
	member_joins();
	member_dies();
	super_await(member_is_settled, "a dead member is not settled");
}

static bool is_as_before(void)
{
	return look_used() == look_used_before();
}

static void reap(void)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "[%d]", (int)member.dead);
	ask_again("shm.reap", pid);
	super_await(is_as_before, "shm.reap does not free all");
}

static void member_goes(void)
{
	member_dies();
	super_await(member_is_settled, "the member is not settled");
	reap();
}

/* ---- attach ------------------------------------------------------------- */

static void attach(void)
{
	tell_member(MEMBER_ATTACH);
}

static void attach_again(void)
{
	while (answer_of_member() != 0)
		attach();
	member_do(MEMBER_TAKE);
}

/* ---- leave -------------------------------------------------------------- */

static void leave(void)
{
	member.dead = member_pid;
	tell_member(MEMBER_LEAVE);
}

static bool has_left(void)
{
	return member_has_answered() && member_is_settled();
}

/* One that nobody has heard leave is listed until it ends. */
static void leave_again(void)
{
	if (answer_of_member() != 0)
		super_fail("the member cannot leave");
	member_dies();
}

/* ---- a worker ----------------------------------------------------------- */

static int32_t dead_worker;

static int32_t served(void)
{
	return __atomic_load_n(
	    &super.points->served[POINTS_VICTIM], __ATOMIC_SEQ_CST);
}

static void kill_worker(void)
{
	dead_worker = served();
	kill(dead_worker, SIGKILL);
}

static bool worker_is_replaced(void)
{
	return served() != dead_worker && points_is_live(served());
}

/* ---- a process that a worker has forked --------------------------------- */

static int32_t forked(void)
{
	return __atomic_load_n(&super.points->forked, __ATOMIC_SEQ_CST);
}

static bool has_forked(void)
{
	return forked() != 0;
}

/* By a pidfd. */
static bool is_watched(void)
{
	return points_has_pidfd(super.kmemd, forked());
}

static void worker_forks(void)
{
	__atomic_store_n(&super.points->forked, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&super.points->fork_wanted, 1, __ATOMIC_SEQ_CST);
	super_await(has_forked, "a worker does not fork");
	member.dead = forked();
	super_await(is_watched, "who was forked is not watched");
}

static void forked_dies(void)
{
	kill(forked(), SIGKILL);
}

static bool forked_is_settled(void)
{
	return !points_is_live(forked());
}

static void kill_with_forked(void)
{
	worker_forks();
	super_kill();
}

static bool serves_and_ended(void)
{
	return points_says_it_serves(super.kmemd) && forked_is_settled();
}

/* ---- shm.reap, shm.adopt ------------------------------------------------ */

static const char *of_dead(void)
{
	static char params[64];

	snprintf(params, sizeof(params), "[%d]", (int)member.dead);
	return params;
}

static void ask_reap(void)
{
	tell("shm.reap", of_dead());
}

static const char *from_dead_to_us(void)
{
	static char params[64];

	snprintf(
	    params, sizeof(params), "[%d,%d]", (int)member.dead, (int)getpid());
	return params;
}

static void ask_adopt(void)
{
	tell("shm.adopt", from_dead_to_us());
}

/* Blocks that we own now are no orphans. */
static void adopt_again(void)
{
	struct json_object *reply, *orphans;

	ask_again("shm.adopt", from_dead_to_us());
	orphans = points_ask(&super.talk, "shm.orphans", of_dead(), &reply);
	if (orphans == NULL || points_number(orphans, "blocks") != 0)
		super_fail("shm.adopt leaves orphans");
	json_object_put(reply);
}

static void free_adopted(void)
{
	for (int i = 0; i < MEMBER_N; i++)
		shm_free(member.has.block[i]);
}

/* ---- shm.trim, shm.grow ------------------------------------------------- */

/* There is something to give back. */
static void use_pages(void)
{
	void *p = shm_malloc(MB);

	if (p == NULL)
		super_fail("no memory to be trimmed");
	memset(p, 1, MB);
	shm_free(p);
}

static void ask_trim(void)
{
	tell("shm.trim", "[]");
}

static void trim_again(void)
{
	ask_again("shm.trim", "[]");
}

static size_t total_before;

static size_t total(void)
{
	struct km_mem_info info = { 0 };

	shm_info(&info);
	return info.total;
}

static void ask_grow(void)
{
	total_before = total();
	tell("shm.grow", "[1]");
}

static void grow_again(void)
{
	if (total() == total_before)
		ask_again("shm.grow", "[1]");
	if (total() != total_before + MB)
		super_fail("shm.grow of 1 MB: total was %zu and is %zu",
		    total_before, total());
}

/* ---- cfg.set_now_int ---------------------------------------------------- */

static void ask_trace(void)
{
	tell("cfg.set_now_int", "[\"core\",\"memdbg\",-5]");
}

static bool is_quiet(void)
{
	return clock_is_quiet();
}

/* The next one has what its configuration says, and says so to all. */
static void trace_again(void)
{
	super_await(is_quiet, "all are traced for ever");
}

/* ---- core.reexec, takeover ---------------------------------------------- */

static void ask_reexec(void)
{
	super.has_run = false;
	tell("core.reexec", "[]");
}

static bool serves(void)
{
	return points_says_it_serves(super.kmemd);
}

static bool has_run_and_serves(void)
{
	return super.has_run && serves();
}

static void kill_with_member(void)
{
	member_works();
	super_kill();
	member_dies();
}

static bool serves_and_settled(void)
{
	return serves() && member_is_settled();
}

/* ---- the table ---------------------------------------------------------- */

const struct super_op super_ops[] = {
	{ "attach", .prepare = member_start, .ask = attach,
	    .is_done = member_has_answered, .again = attach_again,
	    .member_stays = true, .used = MEMBER_OWNED + MEMBER_PLAIN,
	    .clean = member_goes },
	{ "leave", .prepare = member_joins, .ask = leave, .is_done = has_left,
	    .again = leave_again, .used = MEMBER_PLAIN, .clean = reap },
	{ "death", .prepare = member_works, .ask = member_dies,
	    .is_done = member_is_settled, .used = MEMBER_PLAIN, .clean = reap },
	{ "worker", .ask = kill_worker, .is_done = worker_is_replaced },
	{ "forked", .slab_only = true, .prepare = worker_forks,
	    .ask = forked_dies, .is_done = forked_is_settled,
	    .used = POINTS_STRAY, .clean = reap },
	{ "shm.reap", .prepare = member_has_died, .ask = ask_reap,
	    .is_done = has_answered, .again = reap },
	{ "shm.adopt", .prepare = member_has_died, .ask = ask_adopt,
	    .is_done = has_answered, .again = adopt_again, .used = MEMBER_PLAIN,
	    .clean = free_adopted },
	{ "shm.trim", .slab_only = true, .prepare = use_pages, .ask = ask_trim,
	    .is_done = has_answered, .again = trim_again },
	{ "shm.grow", .slab_only = true, .ask = ask_grow,
	    .is_done = has_answered, .again = grow_again },
	{ "cfg.set_now_int", .ask = ask_trace, .is_done = has_answered,
	    .again = trace_again },
	{ "core.reexec", .ask = ask_reexec, .is_done = has_run_and_serves },
	{ "takeover", .starts = true, .prepare = super_kill,
	    .is_done = serves },
	{ "takeover with a forked", .slab_only = true, .starts = true,
	    .prepare = kill_with_forked, .is_done = serves_and_ended,
	    .used = POINTS_STRAY, .clean = reap },
	{ "takeover with a death", .starts = true, .prepare = kill_with_member,
	    .is_done = serves_and_settled, .used = MEMBER_PLAIN,
	    .clean = reap },
};
const unsigned super_n_ops = sizeof(super_ops) / sizeof(super_ops[0]);
