/* SPDX-License-Identifier: ISC */
/* board.c - the mapping that the processes of a replay share. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "daemon/modules/replay/board.h"

int board_new(const struct plan *plan, struct board **board)
{
	uint32_t n_blocks = plan->trace->max_id[KM_SHM] + 1;
	size_t ranks_size =
	    sizeof(struct board) + plan->n_ranks * sizeof(struct board_rank);
	size_t size = ranks_size + n_blocks * sizeof(struct block);
	struct board *new = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (new == MAP_FAILED)
		return -KM_ESYS;
	new->n_ranks = plan->n_ranks;
	new->n_blocks = n_blocks;
	new->size = size;
	new->blocks = (struct block *)(void *)((char *)new + ranks_size);
	for (uint32_t r = 0; r < new->n_ranks; r++)
		board_wait_over(new, r);
	*board = new;
	return 0;
}

void board_free(struct board **board)
{
	if (*board == NULL)
		return;
	munmap(*board, (*board)->size);
	*board = NULL;
}

uint64_t board_progress(const struct board *board, uint32_t rank)
{
	return atomic_load_explicit(
	    &board->ranks[rank].at, memory_order_acquire);
}

/*
 * A kill before this store leaves the operation to be played again, by the
 * successor: player.c says how each kind bears that.
 */
void board_advance(struct board *board, uint32_t rank, uint64_t at)
{
	atomic_store_explicit(&board->ranks[rank].at, at, memory_order_release);
}

/*
 * The waiter announces itself, then looks at the other's progress; the other
 * stores its progress, then looks for waiters. With a full fence in between on
 * both sides, one of them sees the other.
 */
int board_wait(
    struct board *board, uint32_t rank, uint32_t other, uint64_t need)
{
	struct board_rank *mine = &board->ranks[rank];

	board_wait_over(board, rank);
	atomic_store_explicit(&mine->wait_need, need, memory_order_relaxed);
	atomic_store_explicit(&mine->wait_rank, other, memory_order_release);
	atomic_thread_fence(memory_order_seq_cst);
	if (board_progress(board, other) < need)
		return 1;
	board_wait_over(board, rank);
	return 0;
}

void board_wait_over(struct board *board, uint32_t rank)
{
	atomic_store_explicit(
	    &board->ranks[rank].wait_rank, PLAN_NONE, memory_order_release);
}

int board_must_wake(const struct board *board, uint32_t waiter, uint32_t rank)
{
	const struct board_rank *other = &board->ranks[waiter];

	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&other->wait_rank, memory_order_acquire) !=
	    rank)
		return 0;
	return board_progress(board, rank) >=
	       atomic_load_explicit(&other->wait_need, memory_order_relaxed);
}

void board_total(const struct board *board, struct board_counts *total)
{
	memset(total, 0, sizeof(*total));
	for (uint32_t r = 0; r < board->n_ranks; r++) {
		const struct board_counts *one = &board->ranks[r].counts;

		total->patterns += one->patterns;
		total->broken += one->broken;
		total->lost += one->lost;
		total->dropped += one->dropped;
		total->failed += one->failed;
	}
}
