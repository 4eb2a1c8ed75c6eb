/* SPDX-License-Identifier: ISC */
/* root_table.h - the layout of named roots in the shm pool. */
#ifndef KMEM_MEM_ROOT_TABLE_H
#define KMEM_MEM_ROOT_TABLE_H
/*
 * pool->roots leads to a table, whose buckets lead to lists of roots.  Table
 * and roots are blocks of the pool, made with intent_malloc_to(): they are
 * complete when they can be seen, a kill leaves none half linked, and they are
 * never freed.
 *
 * Concurrency: lists grow at their ends by CAS.  `value` and `made` change
 * under the root's lock; value is read without.
 */
#include <pthread.h>
#include <stdint.h>

#include "mem/root.h"
#include "mem/view.h"

#define ROOT_BUCKETS 1024u

struct root_table {
	uint64_t bucket[ROOT_BUCKETS]; /* addresses of struct root; 0: none */
};

struct root {
	uint64_t next;	/* address; 0: the last one */
	uint64_t value; /* what the name has; 0: nothing */
	/*
	 * A block that an initialiser is filling. When `value` becomes the
	 * same, it is that; a kill behind leaves both.
	 */
	uint64_t made;
	uint64_t made_size;   /* bytes */
	pthread_mutex_t lock; /* robust */
	char name[KM_ROOT_NAME_MAX + 1];
};

/* ---- root_view.c: through a view, which believes nothing ---------------- */

struct root_row {
	char name[KM_ROOT_NAME_MAX + 1]; /* printable, terminated */
	uint64_t block;			 /* address of the struct root */
	uint64_t value, made; /* addresses, or 0; as they are there */
};

/* Zero it to start. */
struct root_walk {
	uint64_t next;	 /* address of a root; 0: look into the bucket */
	uint32_t bucket; /* the next one */
	uint64_t n;	 /* roots so far */
};

/* The address of the table, a block; 0: nobody has made a root. */
uint64_t root_view_table(struct view *view);

/*
 * The next root. Returns 1 and *row; 0 at the end; -KM_ECORRUPT: the table is
 * damaged.
 */
int root_view_next(
    struct view *view, struct root_walk *walk, struct root_row *row);

#endif
