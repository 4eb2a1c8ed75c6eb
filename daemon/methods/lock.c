/* SPDX-License-Identifier: ISC */
/* lock.c - lock.list: who has which lock, from where, and who waits. */
#include "config.h"

#include <stdlib.h>

#include "daemon/chunk.h"
#include "daemon/methods/json.h"
#include "daemon/methods/methods.h"
#include "daemon/methods/pools.h"
#include "mem/hold.h"
#include "mem/slab.h"

/* One note of a participant. */
struct note {
	uint64_t lock; /* address */
	enum hold_kind kind;
	bool waits;
	uint32_t site, since;
	uint32_t slot;
};

struct notes {
	struct note *note;
	size_t n;
	struct view *view;
};

static void add(struct notes *notes, const struct pool_hold *hold,
    uint32_t slot, bool waits)
{
	if (hold->lock == 0)
		return;
	notes->note[notes->n++] = (struct note){
		.lock = hold->lock & ~(uint64_t)HOLD_KIND_MASK,
		.kind = (enum hold_kind)(hold->lock & HOLD_KIND_MASK),
		.waits = waits,
		.site = hold->site,
		.since = hold->since,
		.slot = slot,
	};
}

/* Of the living: the dead have nothing. */
static void collect(struct notes *notes)
{
	uint64_t off = view_header(notes->view)->holds.bytes;
	struct pool_holds holds;
	struct pool_slot slot;

	for (uint32_t i = 0; view_slot(notes->view, i, &slot) == 0; i++) {
		if (slot.state != SLOT_LIVE ||
		    view_read(notes->view, off + i * sizeof(holds), &holds,
			sizeof(holds)) != 0)
			continue;
		for (unsigned k = 0; k < POOL_N_HOLDS; k++)
			add(notes, &holds.has[k], i, false);
		add(notes, &holds.waits, i, true);
	}
}

/* By lock; those who have it before those who wait, the oldest first. */
static int compare(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->lock != y->lock)
		return x->lock < y->lock ? -1 : 1;
	if (x->waits != y->waits)
		return x->waits ? 1 : -1;
	return x->since < y->since ? -1 : x->since > y->since;
}

static struct json_object *note_row(
    const struct notes *notes, const struct note *note)
{
	struct json_object *row = json_object_new_object();
	uint32_t age = (view_now(notes->view) - note->since) & SLAB_EPOCH_MASK;
	struct pool_slot slot;

	if (view_slot(notes->view, note->slot, &slot) == 0) {
		add_int(row, "pid", slot.pid);
		add_text(row, "name", slot.name);
	}
	if (!note->waits)
		add_text(row, "as",
		    (note->kind & HOLD_SHARED) != 0 ? "reader" : "owner");
	/* The clock that notes are stamped by may be a second behind. */
	add_uint(row, "age", age < SLAB_EPOCH_MASK / 2 ? age : 0);
	pools_add_site(row, "site", notes->view, note->site);
	return row;
}

/* The notes of one lock. */
static struct json_object *lock_row(
    const struct notes *notes, const struct note *note, size_t n)
{
	struct json_object *row = json_object_new_object();
	struct json_object *holders = json_object_new_array();
	struct json_object *waiters = json_object_new_array();

	pools_add_address(row, "address", note->lock);
	add_text(
	    row, "what", note->kind == HOLD_CONDITION ? "condition" : "lock");
	for (size_t i = 0; i < n; i++)
		json_object_array_add(note[i].waits ? waiters : holders,
		    note_row(notes, &note[i]));
	json_object_object_add(row, "holders", holders);
	json_object_object_add(row, "waiters", waiters);
	return row;
}

static struct json_object *rows(const struct notes *notes)
{
	struct json_object *list = json_object_new_array();
	size_t from = 0;

	for (size_t i = 0; i < notes->n; i++) {
		if (i + 1 < notes->n &&
		    notes->note[i + 1].lock == notes->note[from].lock)
			continue;
		json_object_array_add(
		    list, lock_row(notes, &notes->note[from], i + 1 - from));
		from = i + 1;
	}
	return list;
}

static void lock_list(struct rpc_call *call)
{
	struct json_object *reply;
	struct notes notes = { 0 };
	size_t most;

	if (pools_view_shm(&notes.view) != 0) {
		rpc_fail(call, RPC_FAILED, "the shm pool is damaged");
		return;
	}
	most = view_header(notes.view)->n_slots * (POOL_N_HOLDS + 1u);
	notes.note = calloc(most, sizeof(*notes.note));
	if (notes.note == NULL) {
		rpc_fail(call, RPC_FAILED, "out of memory");
	} else {
		collect(&notes);
		qsort(notes.note, notes.n, sizeof(*notes.note), compare);
		reply = json_object_new_object();
		json_object_object_add(reply, "locks", rows(&notes));
		rpc_reply(call, reply);
	}
	free(notes.note);
	view_close(&notes.view);
}

const struct rpc_method lock_methods[] = {
	{ "lock.list", lock_list, NULL, RPC_ROLE_READ,
	    "locks: address, what, holders, waiters",
	    "which locks in shm somebody has or waits for",
	    "Of each holder and waiter: pid, name, age in seconds, and the "
	    "call that asked for it. Who waits for a condition has no "
	    "holder to wait for." },
	{ NULL },
};
