/* SPDX-License-Identifier: ISC */
/* storm_part.c - what a participant of the storm does until it is killed. */
#include "config.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmem.h"
#include "tests/stress/storm.h"

#define STAMP_EVERY   512u /* bytes of a block */
#define SMALL_MAX     4096u
#define LARGE_MAX     200000u
#define LARGE_ONE_OF  256u
#define RESIZE_ONE_OF 8u
#define TURN	      5000u /* operations of a thread until it ends */

struct board *storm_board_map(void)
{
	const char *path = getenv(STORM_BOARD_ENV);
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	return map != MAP_FAILED ? map : NULL;
}

/* xorshift64* */
uint64_t storm_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (x * 0x2545f4914f6cdd1dull) >> 32;
}

static size_t random_size(struct hand *hand)
{
	uint64_t r = storm_random(&hand->random);

	if (r % LARGE_ONE_OF == 0)
		return SMALL_MAX + (r >> 6) % (LARGE_MAX - SMALL_MAX);
	return 16 + (r >> 6) % (((size_t)16 << (r >> 26) % 9) - 15);
}

/* ---- stamps ------------------------------------------------------------- */

static uint64_t stamp_at(const struct cell *cell, size_t off)
{
	return cell->stamp * 0x9e3779b97f4a7c15ull + off;
}

static void stamp(struct board *board, struct cell *cell)
{
	char *p = cell->p;
	uint64_t word;

	cell->stamp = __atomic_add_fetch(&board->n_stamps, 1, __ATOMIC_RELAXED);
	for (size_t off = 0; off + 16 <= cell->size; off += STAMP_EVERY) {
		word = stamp_at(cell, off);
		memcpy(p + off, &word, sizeof(word));
	}
	word = stamp_at(cell, cell->size);
	memcpy(p + cell->size - sizeof(word), &word, sizeof(word));
	cell->is_stamped = 1;
}

bool storm_is_stamped(const struct cell *cell)
{
	const char *p = cell->p;
	uint64_t word = stamp_at(cell, cell->size);

	if (memcmp(p + cell->size - sizeof(word), &word, sizeof(word)) != 0)
		return false;
	for (size_t off = 0; off + 16 <= cell->size; off += STAMP_EVERY) {
		word = stamp_at(cell, off);
		if (memcmp(p + off, &word, sizeof(word)) != 0)
			return false;
	}
	return true;
}

static void check_stamp(struct board *board, const struct cell *cell)
{
	if (cell->is_stamped && !storm_is_stamped(cell))
		__atomic_add_fetch(&board->n_twice, 1, __ATOMIC_RELAXED);
}

/* ---- operations: a cell in my hand -------------------------------------- */

static bool take(struct cell *cell, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(
	    &cell->state, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void put(struct cell *cell, enum cell_state state)
{
	__atomic_store_n(&cell->state, state, __ATOMIC_RELEASE);
}

static void fill(struct hand *hand, struct cell *cell)
{
	size_t size = random_size(hand);

	if (!take(cell, CELL_EMPTY, cell_held(CELL_ALLOC, hand->number)))
		return;
	__atomic_store_n(&cell->to, size, __ATOMIC_RELEASE);
	cell->p = shm_malloc(size);
	if (cell->p == NULL) {
		__atomic_add_fetch(
		    &hand->board->n_refused, 1, __ATOMIC_RELAXED);
		put(cell, CELL_EMPTY);
		return;
	}
	cell->size = size;
	stamp(hand->board, cell);
	put(cell, CELL_FULL);
}

static void empty(struct hand *hand, struct cell *cell)
{
	if (!take(cell, CELL_FULL, cell_held(CELL_FREE, hand->number)))
		return;
	check_stamp(hand->board, cell);
	shm_free(cell->p);
	put(cell, CELL_EMPTY);
}

static void resize(struct hand *hand, struct cell *cell)
{
	size_t size = random_size(hand);
	void *p;

	if (!take(cell, CELL_FULL, cell_held(CELL_RESIZE, hand->number)))
		return;
	check_stamp(hand->board, cell);
	__atomic_store_n(&cell->to, size, __ATOMIC_RELEASE);
	p = shm_realloc(cell->p, size);
	if (p != NULL) {
		cell->is_stamped = 0;
		cell->p = p;
		cell->size = size;
		stamp(hand->board, cell);
	}
	put(cell, CELL_FULL);
}

/* ---- standing still ----------------------------------------------------- */

static uint32_t *state_of(struct hand *hand)
{
	return &hand->board->seat[hand->seat].hand[hand->number % N_HANDS];
}

/* Between two operations; at work again when it returns. */
static void stand_still(struct hand *hand)
{
	struct board *board = hand->board;

	do {
		__atomic_store_n(state_of(hand), HAND_STILL, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &board->halt, FUTEX_WAIT, 1, NULL, NULL, 0);
		__atomic_store_n(
		    state_of(hand), HAND_AT_WORK, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&board->halt, __ATOMIC_SEQ_CST) != 0);
}

/* ---- what is wrong on purpose ------------------------------------------- */

static void spoil(struct hand *hand, struct cell *cell)
{
	static const uint32_t mine[] = { SPOIL_LOSE, SPOIL_FREE, SPOIL_WRITE,
		SPOIL_HANG };
	uint32_t what = __atomic_load_n(&hand->board->spoil, __ATOMIC_RELAXED);
	bool is_mine = false;

	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		is_mine = is_mine || what == mine[i];
	if (!is_mine ||
	    !take(cell, CELL_FULL, cell_held(CELL_FREE, hand->number)))
		return;
	/* By one; but one that hangs may be killed before it is missed. */
	if (what != SPOIL_HANG &&
	    !__atomic_compare_exchange_n(&hand->board->spoil, &what,
		SPOIL_NOTHING, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		what = SPOIL_NOTHING;
	if (what == SPOIL_FREE)
		shm_free(cell->p);
	if (what == SPOIL_WRITE)
		memset(cell->p, 0, 8);
	while (what == SPOIL_HANG)
		pause();
	put(cell, what == SPOIL_LOSE ? CELL_EMPTY : CELL_FULL);
}

/* ---- a hand ------------------------------------------------------------- */

void storm_hand_init(struct hand *hand, struct board *board, uint32_t seat,
    uint32_t which, uint64_t seed)
{
	*hand = (struct hand){
		.board = board,
		.seat = seat,
		.number = seat * N_HANDS + which,
		.random = seed | 1,
	};
}

static void operate(struct hand *hand)
{
	struct board *board = hand->board;
	uint64_t r = storm_random(&hand->random);
	struct cell *cell = &board->cell[r % N_CELLS];

	r = storm_random(&hand->random);
	if (__atomic_load_n(&board->spoil, __ATOMIC_RELAXED) != 0)
		spoil(hand, cell);
	switch (__atomic_load_n(&cell->state, __ATOMIC_RELAXED)) {
	case CELL_EMPTY:
		if (r % 256 >= __atomic_load_n(&board->tide, __ATOMIC_RELAXED))
			fill(hand, cell);
		break;
	case CELL_FULL:
		if (r % RESIZE_ONE_OF == 0)
			resize(hand, cell);
		else
			empty(hand, cell);
		break;
	default:
		break;
	}
}

void storm_work(struct hand *hand, unsigned n)
{
	struct board *board = hand->board;

	__atomic_store_n(state_of(hand), HAND_AT_WORK, __ATOMIC_SEQ_CST);
	for (; n > 0 && !__atomic_load_n(&board->quit, __ATOMIC_RELAXED); n--) {
		if (__atomic_load_n(&board->halt, __ATOMIC_SEQ_CST) != 0)
			stand_still(hand);
		operate(hand);
		board->seat[hand->seat].n_ops++;
	}
	__atomic_store_n(state_of(hand), HAND_NONE, __ATOMIC_SEQ_CST);
}

/* ---- the program -------------------------------------------------------- */

static struct board *bugs_to;

/* About a free that was refused, for one. */
static void count_bugs(int level, const char *text)
{
	if (level <= L_BUG)
		__atomic_add_fetch(&bugs_to->n_bugs, 1, __ATOMIC_RELAXED);
}

/* In a storm of supervisors there may be none just now. */
static void attach(const struct board *board)
{
	struct km_attach_options opt = {
		.size = sizeof(opt),
		.flags = KM_ATTACH_NO_PKG,
		.timeout_ms = 100,
	};

	while (km_attach(&opt) != 0 && board->quit == 0)
		poll(NULL, 0, 1);
}

static void *second_thread(void *hand)
{
	storm_work(hand, TURN);
	return NULL;
}

/* Every other one has two threads, the second of which ends at times. */
int storm_part_main(uint32_t seat, uint64_t seed)
{
	struct board *board = storm_board_map();
	struct hand hand[N_HANDS];
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (board == NULL || seat >= N_SEATS)
		return EXIT_FAILURE;
	bugs_to = board;
	km_log_set_writer(count_bugs);
	attach(board);
	for (uint32_t i = 0; i < N_HANDS; i++)
		storm_hand_init(&hand[i], board, seat, i, seed + i * 77);
	while (!board->quit) {
		bool two =
		    storm_random(&seed) % 2 == 0 &&
		    pthread_create(&thread, NULL, second_thread, &hand[1]) == 0;

		storm_work(&hand[0], TURN);
		if (two)
			pthread_join(thread, NULL);
	}
	return EXIT_SUCCESS;
}
