/* SPDX-License-Identifier: ISC */
/* qm.c - the manager qm: allocate, free, resize. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/tune.h"
#include "mem/lock.h"
#include "mem/manager.h"
#include "mem/qm.h"
#include "mem/robust.h"
#include "mem/site_table.h"

#define MIN_PAYLOAD QM_ROUND	 /* bytes; a smaller rest is not split off */
#define MIN_DATA    (64u * 1024) /* bytes; of the smallest pool */

struct qm_block *mem_block;

/* ---- lock and accounts -------------------------------------------------- */

static int qm_lock(struct km_pool *pool, struct qm_block *qm)
{
	int rc;

	if (pool->kind != KM_SHM)
		return 0;
	rc = robust_get(&qm->lock);
	if (rc != KM_LOCK_OWNER_DIED)
		return rc;
	/* A kill in here is seen by the next one, who begins again. */
	qm_rebuild(pool, qm);
	return 0;
}

static void qm_unlock(struct km_pool *pool, struct qm_block *qm)
{
	account_store(&pool->account, pool->size, &qm->sums);
	if (pool->kind == KM_SHM)
		robust_release(&qm->lock);
}

/* ---- fragments ---------------------------------------------------------- */

static void head_init(struct km_pool *pool, struct qm_frag *frag, size_t size)
{
	*frag = (struct qm_frag){
		.size = size,
		.u.nxt_free = QM_LIST_END,
		.check = qm_head_check((uintptr_t)frag - (uintptr_t)pool),
	};
}

static void end_init(struct qm_frag *frag, size_t size)
{
	struct qm_frag_end *end =
	    (struct qm_frag_end *)((uintptr_t)frag + sizeof(*frag) + size);

	*end = (struct qm_frag_end){
		.check1 = QM_END_CHECK1,
		.check2 = QM_END_CHECK2,
		.size = size,
	};
}

static void set_size(struct qm_frag *frag, size_t size)
{
	__atomic_store_n(&frag->size, size, __ATOMIC_RELEASE);
}

struct qm_frag *qm_free_behind(
    const struct km_pool *pool, const struct qm_frag *frag)
{
	struct qm_frag *next = qm_next(frag);

	/* The sentinel is not sound, so it is never joined. */
	return qm_head_is_sound(pool, next) && next->u.is_free != 0 ? next
								    : NULL;
}

/*
 * The free fragment right before, NULL when there is none. Its end may have
 * been overwritten by its user, so it is believed only if its head agrees.
 */
static struct qm_frag *free_before(const struct km_pool *pool,
    const struct qm_block *qm, const struct qm_frag *frag)
{
	const struct qm_frag_end *end = (const struct qm_frag_end *)frag - 1;
	uintptr_t room = (uintptr_t)frag - (uintptr_t)qm->first_frag;
	struct qm_frag *prev;

	if (frag == qm->first_frag || end->size % QM_ROUND != 0 ||
	    room < QM_OVERHEAD || end->size > room - QM_OVERHEAD)
		return NULL;
	prev = (struct qm_frag *)((uintptr_t)frag - QM_OVERHEAD - end->size);
	if (!qm_head_is_sound(pool, prev) || prev->size != end->size ||
	    prev->u.is_free == 0)
		return NULL;
	return prev;
}

/*
 * A kill before set_size() leaves two fragments, after it one; the head that
 * was is inside the payload then.
 */
void qm_absorb_next(struct km_pool *pool, struct qm_frag *frag)
{
	struct qm_frag *next = qm_next(frag);
	size_t size = frag->size + QM_OVERHEAD + next->size;

	qm_end(next)->size = size;
	set_size(frag, size);
	next->check = qm_joined_check((uintptr_t)next - (uintptr_t)pool);
}

static void join_behind(
    struct km_pool *pool, struct qm_block *qm, struct qm_frag *frag)
{
	struct qm_frag *next;

	if (km_tune->mem_join == 0)
		return;
	next = qm_free_behind(pool, frag);
	if (next == NULL)
		return;
	qm_list_unlink(qm, next);
	qm_absorb_next(pool, frag);
}

/* Join a free fragment, in no list, with its free neighbours, and list it. */
static void join_and_link(
    struct km_pool *pool, struct qm_block *qm, struct qm_frag *frag)
{
	struct qm_frag *prev;

	join_behind(pool, qm, frag);
	prev = km_tune->mem_join != 0 ? free_before(pool, qm, frag) : NULL;
	if (prev != NULL) {
		qm_list_unlink(qm, prev);
		qm_absorb_next(pool, prev);
		frag = prev;
	}
	qm_list_link(qm, frag);
}

/*
 * Cut what is behind `size` bytes of payload off into a free fragment, if it
 * is worth it. A kill before set_size() leaves `frag` as it was.
 */
static void split(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, size_t size)
{
	size_t rest = frag->size - size;
	struct qm_frag *cut;

	if (rest < QM_OVERHEAD + MIN_PAYLOAD)
		return;
	rest -= QM_OVERHEAD;
	cut = (struct qm_frag *)((uintptr_t)frag + QM_OVERHEAD + size);
	head_init(pool, cut, rest);
	end_init(cut, rest);
	end_init(frag, size);
	set_size(frag, size);
	join_behind(pool, qm, cut);
	qm_list_link(qm, cut);
}

static void set_site(struct km_pool *pool, struct qm_frag *frag, uint32_t site)
{
	const struct site_row *row = site_row_at(pool, site);

	frag->site = site;
	frag->file = row != NULL ? site_row_text(pool, row->file) : "";
	frag->func = row != NULL ? site_row_text(pool, row->func) : "";
	frag->mname = row != NULL ? site_row_text(pool, row->mname) : "";
	frag->line = row != NULL ? row->line : 0;
}

/* Make a free fragment, in no list, the caller's. */
static void take(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, const struct request *req)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	set_site(pool, frag, req->site);
	frag->requested = req->size;
	frag->owner = qm_owner(req->slot, req->state);
	frag->born = (uint32_t)now.tv_sec;
	frag->seq = ++qm->seq;
	qm_slack_fill(frag, req->size);
	request_note(req, qm_payload(frag));
	/* The commit: a kill before it leaves a free fragment. */
	__atomic_store_n(&frag->u.is_free, 0, __ATOMIC_RELEASE);
	qm->sums.used += req->size;
	qm->sums.blocks++;
}

/* Payload for a request; 0: no pool can hold it. */
static size_t round_request(const struct km_pool *pool, size_t size)
{
	if (size > pool->size)
		return 0;
	if (size < MIN_PAYLOAD)
		size = MIN_PAYLOAD;
	return (size + QM_ROUND - 1) / QM_ROUND * QM_ROUND;
}

/* The smallest free fragment of at least size bytes, taken from its list. */
static struct qm_frag *take_best(struct qm_block *qm, size_t size)
{
	struct qm_frag *frag = qm_list_best(qm, size);

	if (frag != NULL)
		qm_list_unlink(qm, frag);
	return frag;
}

/*
 * The same with a payload at a multiple of align: of a larger fragment, the
 * part in front of it becomes a free one.
 */
static struct qm_frag *take_aligned(
    struct km_pool *pool, struct qm_block *qm, size_t size, size_t align)
{
	struct qm_frag *frag, *cut;
	uintptr_t at, up;

	if (align > pool->size)
		return NULL;
	frag = take_best(qm, size + align + QM_OVERHEAD + MIN_PAYLOAD);
	if (frag == NULL)
		return NULL;
	at = (uintptr_t)qm_payload(frag);
	if (at % align == 0)
		return frag;
	up = (at + QM_OVERHEAD + MIN_PAYLOAD + align - 1) & ~(align - 1);
	split(pool, qm, frag, up - at - QM_OVERHEAD);
	cut = qm_next(frag);
	qm_list_link(qm, frag);
	qm_list_unlink(qm, cut);
	return cut;
}

/* ---- the vtable --------------------------------------------------------- */

static void *alloc_locked(
    struct km_pool *pool, struct qm_block *qm, const struct request *req)
{
	size_t size = round_request(pool, req->size);
	struct qm_frag *frag;

	if (size == 0)
		return NULL;
	frag = req->align > QM_ROUND ? take_aligned(pool, qm, size, req->align)
				     : take_best(qm, size);
	if (frag == NULL)
		return NULL;
	split(pool, qm, frag, size);
	take(pool, qm, frag, req);
	return qm_payload(frag);
}

static void *qm_alloc(struct km_pool *pool, const struct request *req)
{
	struct qm_block *qm = qm_block_of(pool);
	void *p;

	if (qm_lock(pool, qm) != 0)
		return NULL;
	p = alloc_locked(pool, qm, req);
	qm_unlock(pool, qm);
	return p;
}

static void release(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, uint32_t site)
{
	qm->sums.used -= frag->requested;
	qm->sums.blocks--;
	/* The commit: a kill before it leaves a live block. */
	__atomic_store_n(&frag->u.nxt_free, QM_LIST_END, __ATOMIC_RELEASE);
	/* In the owner's place, so only now that nobody asks for the owner. */
	frag->free_site = site;
	join_and_link(pool, qm, frag);
}

static int qm_free(struct km_pool *pool, void *p, const struct request *req,
    struct misuse *misuse)
{
	struct qm_block *qm = qm_block_of(pool);
	struct qm_frag *frag;

	if (qm_lock(pool, qm) != 0)
		return -KM_EBUSY;
	frag = qm_find(pool, p, misuse);
	if (frag != NULL)
		release(pool, qm, frag, req->site);
	qm_unlock(pool, qm);
	return frag != NULL ? 0 : -KM_EINVAL;
}

static bool qm_change(struct km_pool *pool, void *p, const struct holding *from,
    const struct holding *to, uint32_t site)
{
	struct qm_block *qm = qm_block_of(pool);
	struct misuse misuse;
	struct qm_frag *frag;
	bool is_from;

	if (qm_lock(pool, qm) != 0)
		return false;
	frag = qm_find(pool, p, &misuse);
	is_from =
	    frag != NULL &&
	    (from == NULL || frag->owner == qm_owner(from->slot, from->state));
	if (is_from && to->state == BLOCK_FREE)
		release(pool, qm, frag, site);
	else if (is_from)
		__atomic_store_n(&frag->owner, qm_owner(to->slot, to->state),
		    __ATOMIC_RELEASE);
	qm_unlock(pool, qm);
	return is_from;
}

static int qm_look(struct km_pool *pool, const void *p, struct misuse *block)
{
	struct qm_block *qm = qm_block_of(pool);
	const struct qm_frag *frag;

	if (qm_lock(pool, qm) != 0)
		return -KM_EBUSY;
	frag = qm_find(pool, p, block);
	qm_unlock(pool, qm);
	return frag != NULL ? 0 : -KM_EINVAL;
}

/*
 * Take the free fragment behind in, if there is one and that is enough.
 * A kill before the split leaves a block larger than asked for, without slack.
 */
static bool grow_here(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, size_t size)
{
	struct qm_frag *next = qm_free_behind(pool, frag);

	if (next == NULL || frag->size + QM_OVERHEAD + next->size < size)
		return false;
	qm_list_unlink(qm, next);
	frag->requested = frag->size + QM_OVERHEAD + next->size;
	qm_absorb_next(pool, frag);
	return true;
}

/* Without moving the block. Returns false when there is no room here. */
static bool resize_here(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, const struct request *req)
{
	size_t size = round_request(pool, req->size);
	size_t before = frag->requested;

	if (size == 0)
		return false;
	if (size > frag->size && !grow_here(pool, qm, frag, size))
		return false;
	/* `requested` is above `size` until the guards are good. */
	frag->requested = SIZE_MAX;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	split(pool, qm, frag, size);
	qm_slack_fill(frag, req->size);
	__atomic_store_n(&frag->requested, req->size, __ATOMIC_RELEASE);
	qm->sums.used += req->size - before;
	set_site(pool, frag, req->site);
	return true;
}

/* The block moves: what was in it is copied. */
static void *resize_away(struct km_pool *pool, struct qm_block *qm,
    struct qm_frag *frag, const struct request *req)
{
	size_t keep = frag->requested < req->size ? frag->requested : req->size;
	struct request again = *req;
	void *to;

	again.state = qm_state(frag->owner);
	to = alloc_locked(pool, qm, &again);
	if (to == NULL)
		return NULL;
	memcpy(to, qm_payload(frag), keep);
	release(pool, qm, frag, req->site);
	return to;
}

static int qm_resize(struct km_pool *pool, void *p, const struct request *req,
    void **out, struct misuse *misuse)
{
	struct qm_block *qm = qm_block_of(pool);
	struct qm_frag *frag;
	int rc = 0;

	if (qm_lock(pool, qm) != 0)
		return -KM_EBUSY;
	frag = qm_find(pool, p, misuse);
	if (frag == NULL) {
		rc = -KM_EINVAL;
	} else if (resize_here(pool, qm, frag, req)) {
		*out = p;
	} else {
		*out = resize_away(pool, qm, frag, req);
		rc = *out != NULL ? 0 : -KM_ENOMEM;
	}
	qm_unlock(pool, qm);
	return rc;
}

static int qm_slot(struct km_pool *pool, uint32_t *slot)
{
	*slot = pool_slot_in_use((enum km_pool_kind)pool->kind);
	return 0;
}

/* What it left half done in the lock, the next one who gets it repairs. */
static void qm_recover(struct km_pool *pool, uint32_t slot)
{
	if (pool->kind == KM_SHM)
		robust_wake(&qm_block_of(pool)->lock);
}

static int qm_init(struct km_pool *pool, const struct pool_options *opt)
{
	struct qm_block *qm = qm_block_of(pool);
	uint64_t first = qm_first_off(pool), last = qm_last_off(pool);

	if (last < first || last - first < QM_OVERHEAD + MIN_PAYLOAD)
		return -KM_ERANGE;
	qm->size = pool->size;
	qm->first_frag = pool_at(pool, (pool_off){ first });
	qm->last_frag = pool_at(pool, (pool_off){ last });
	head_init(pool, qm->first_frag, last - first - QM_OVERHEAD);
	end_init(qm->first_frag, qm->first_frag->size);
	/* Its next is itself: whoever walks on stays here. */
	head_init(pool, qm->last_frag, -QM_OVERHEAD);
	qm_list_link(qm, qm->first_frag);
	if (pool->kind == KM_SHM && robust_init(&qm->lock) != 0)
		return -KM_ESYS;
	account_store(&pool->account, pool->size, &qm->sums);
	return 0;
}

const struct manager manager_qm = {
	.name = "qm",
	.min_size = sizeof(struct qm_block) + MIN_DATA,
	.init = qm_init,
	.alloc = qm_alloc,
	.free = qm_free,
	.look = qm_look,
	.resize = qm_resize,
	.recover = qm_recover,
	.change = qm_change,
	.slot = qm_slot,
	.info = qm_info,
	.walk = qm_walk,
	.inspect = qm_inspect,
	.resync = qm_resync,
};
