/* SPDX-License-Identifier: ISC */
/* boot.c - memory for who allocates while an allocation is being made. */
#include "config.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "preload/boot.h"

#define ARENA_SIZE ((size_t)64 << 20)
#define CLASS_MIN  6u /* 64 bytes */
#define CLASS_MAX  20u
#define HEAD_SIZE  16u /* before a block: struct head, aligned */

/* Pieces are powers of two, a block is in one, with this right before it. */
struct head {
	uint32_t class;
	uint32_t before; /* bytes of the piece before the block */
};

struct free_piece {
	struct free_piece *next;
};

static struct {
	atomic_flag is_locked;
	char *_Atomic base; /* NULL: not there yet */
	size_t used;
	struct free_piece *free[CLASS_MAX + 1];
} arena = { .is_locked = ATOMIC_FLAG_INIT };

void boot_lock(void)
{
	while (atomic_flag_test_and_set(&arena.is_locked))
		sched_yield();
}

void boot_unlock(void)
{
	atomic_flag_clear(&arena.is_locked);
}

static bool is_there(void)
{
	void *p;

	if (arena.base != NULL)
		return true;
	p = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	arena.base = p;
	return true;
}

/* With the lock held. */
static char *take_piece(unsigned class)
{
	struct free_piece *piece = arena.free[class];
	size_t size = (size_t)1 << class;

	if (piece != NULL) {
		arena.free[class] = piece->next;
		return (char *)piece;
	}
	if (!is_there() || size > ARENA_SIZE - arena.used)
		return NULL;
	arena.used += size;
	return arena.base + arena.used - size;
}

static struct head *head_of(const void *p)
{
	return (struct head *)((uintptr_t)p - HEAD_SIZE);
}

void *boot_alloc(size_t size, size_t align)
{
	size_t room = HEAD_SIZE + (align > HEAD_SIZE ? align : 0);
	unsigned class = CLASS_MIN;
	char *piece, *p;

	if (size > ((size_t)1 << CLASS_MAX) - room || align > size + room)
		return NULL;
	while ((size_t)1 << class < size + room)
		class ++;
	boot_lock();
	piece = take_piece(class);
	boot_unlock();
	if (piece == NULL)
		return NULL;
	p = piece + HEAD_SIZE;
	if (align > HEAD_SIZE)
		p = (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
	*head_of(p) = (struct head){ class, (uint32_t)(p - piece) };
	return p;
}

bool boot_has(const void *p)
{
	return arena.base != NULL &&
	       (uintptr_t)p - (uintptr_t)arena.base < ARENA_SIZE;
}

size_t boot_size(const void *p)
{
	const struct head *head = head_of(p);

	return ((size_t)1 << head->class) - head->before;
}

void boot_free(void *p)
{
	unsigned class = head_of(p)->class;
	struct free_piece *piece =
	    (struct free_piece *)((uintptr_t)p - head_of(p)->before);

	boot_lock();
	piece->next = arena.free[class];
	arena.free[class] = piece;
	boot_unlock();
}
