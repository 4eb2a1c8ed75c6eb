/* SPDX-License-Identifier: ISC */
/* weave_mem.c - actors as coroutines, and memory as they see it. */
#include "config.h"

#include <string.h>
#include <ucontext.h>

#include "tests/stress/weave.h"
#include "tests/stress/weave_step.h"

#define STACK_SIZE ((size_t)64 << 10)
#define N_PLACES   4096u
#define SEQ	   __ATOMIC_SEQ_CST

struct actor actors[N_ACTORS];
uint32_t weave_current = NOBODY;
const char *weave_what_is_wrong;

static char stacks[N_ACTORS][STACK_SIZE] __attribute__((aligned(64)));
static ucontext_t context;
static void *back[5]; /* to the explorer */

void weave_wrong(const char *what)
{
	weave_what_is_wrong = what;
}

/* ---- coroutines --------------------------------------------------------- */

static __attribute__((noinline, noreturn)) void go_to(void **where)
{
	__builtin_longjmp(where, 1);
}

static __attribute__((noinline)) void give_turn(void)
{
	if (__builtin_setjmp(actors[weave_current].resume) == 0)
		go_to(back);
}

/* Through a pointer: the compiler must not know which registers it leaves. */
static void (*volatile const yield)(void) = give_turn;

static void entry(void)
{
	yield();
	world_act(weave_current);
	actors[weave_current].is_done = true;
	go_to(back);
}

static __attribute__((noinline)) void begin(uint32_t actor)
{
	getcontext(&context);
	context.uc_stack.ss_sp = stacks[actor];
	context.uc_stack.ss_size = STACK_SIZE;
	context.uc_link = NULL;
	makecontext(&context, entry, 0);
	weave_current = actor;
	if (__builtin_setjmp(back) == 0)
		setcontext(&context);
	weave_current = NOBODY;
}

static __attribute__((noinline)) void take_turn(uint32_t actor)
{
	weave_current = actor;
	if (__builtin_setjmp(back) == 0)
		go_to(actors[actor].resume);
	weave_current = NOBODY;
}

static void (*volatile const start)(uint32_t actor) = begin;
static void (*volatile const run)(uint32_t actor) = take_turn;

void weave_start(uint32_t actor)
{
	start(actor);
}

void weave_run(uint32_t actor)
{
	run(actor);
}

/* What it uses of its stack. */
struct region weave_stack(uint32_t actor)
{
	char *low = actors[actor].resume[2];

	return (
	    struct region){ low, (size_t)(stacks[actor] + STACK_SIZE - low) };
}

/* ---- who meets whom where ----------------------------------------------- */

static struct place {
	uintptr_t p;
	uint8_t readers, writers; /* a bit for each */
	bool is_passed;		  /* without a step */
} places[N_PLACES];

/* A place turned out to be shared after it was passed: begin anew. */
bool weave_again;

static bool is_shared(const struct place *place)
{
	uint8_t all = place->readers | place->writers;

	return place->writers != 0 && (all & (all - 1)) != 0;
}

/* Whether others take part in what is there. */
static bool note(const void *p, bool writes)
{
	uintptr_t at = (uintptr_t)p;
	unsigned i = (unsigned)((at >> 3) * 2654435761u) % N_PLACES;

	if (weave_current == NOBODY)
		return false;
	while (places[i].p != 0 && places[i].p != at)
		i = (i + 1) % N_PLACES;
	places[i].p = at;
	if (writes)
		places[i].writers |= (uint8_t)(1u << weave_current);
	else
		places[i].readers |= (uint8_t)(1u << weave_current);
	if (!is_shared(&places[i])) {
		places[i].is_passed |= weave_current != RECOVERER;
		return false;
	}
	weave_again |= places[i].is_passed;
	return weave_current != RECOVERER;
}

/* ---- memory ------------------------------------------------------------- */

static uint64_t read_at(const void *p, size_t n)
{
	uint64_t value = 0;

	memcpy(&value, p, n);
	return value;
}

static void write_at(void *p, size_t n, uint64_t value)
{
	memcpy(p, &value, n);
}

void weave_flush_one(struct actor *a)
{
	struct pending first = a->buffer[0];

	a->n_buffer--;
	memmove(a->buffer, a->buffer + 1, a->n_buffer * sizeof(first));
	memset(&a->buffer[a->n_buffer], 0, sizeof(first));
	write_at(first.p, first.n, first.value);
}

void weave_flush(struct actor *a)
{
	while (a->n_buffer > 0)
		weave_flush_one(a);
}

static struct actor *me(void)
{
	return weave_current < N_ACTORS ? &actors[weave_current] : NULL;
}

/* Others may have their turn before my stores become visible. */
static void settle(bool shared)
{
	struct actor *a = me();

	if (a == NULL)
		return;
	if (shared || a->n_buffer > 0)
		yield();
	weave_flush(me());
}

uint64_t weave_load(const void *p, size_t n)
{
	struct actor *a;

	if (note(p, false))
		yield();
	a = me();
	for (uint32_t i = a != NULL ? a->n_buffer : 0; i-- > 0;)
		if (a->buffer[i].p == p)
			return a->buffer[i].value;
	return read_at(p, n);
}

/* Of four bytes are those that are read without an atomic access as well. */
void weave_store(void *p, size_t n, uint64_t value, int order)
{
	bool shared = note(p, true);
	struct actor *a = me();

	if (a == NULL || order == SEQ || n == 4) {
		settle(shared);
		write_at(p, n, value);
	} else if (!shared) {
		write_at(p, n, value);
	} else {
		if (a->n_buffer == N_BUFFER) {
			yield();
			if (a->n_buffer == N_BUFFER)
				weave_flush_one(a);
		}
		a->buffer[a->n_buffer++] = (struct pending){ p, n, value };
	}
}

bool weave_cas(void *p, size_t n, void *expected, uint64_t value)
{
	uint64_t is;

	settle(note(p, true));
	is = read_at(p, n);
	if (is != read_at(expected, n)) {
		write_at(expected, n, is);
		return false;
	}
	write_at(p, n, value);
	return true;
}

uint64_t weave_add(void *p, size_t n, uint64_t value)
{
	settle(note(p, true));
	value += read_at(p, n);
	write_at(p, n, value);
	return value;
}

uint64_t weave_and(void *p, size_t n, uint64_t value)
{
	uint64_t was;

	settle(note(p, true));
	was = read_at(p, n);
	write_at(p, n, was & value);
	return was;
}

void weave_fence(void)
{
	if (!weave_is_without("fence"))
		settle(false);
}

/* All threads of all processes pass a fence. */
long weave_barrier(void)
{
	if (me() != NULL)
		yield();
	if (weave_is_without("barrier"))
		return 0;
	for (uint32_t i = 0; i < N_ACTORS; i++)
		weave_flush(&actors[i]);
	return 0;
}

void weave_forget_passes(void)
{
	for (unsigned i = 0; i < N_PLACES; i++)
		places[i].is_passed = false;
}

void weave_forget_places(void)
{
	memset(places, 0, sizeof(places));
}
