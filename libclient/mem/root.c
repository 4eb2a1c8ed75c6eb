/* SPDX-License-Identifier: ISC */
/* root.c - named roots: find, set, and one initialiser at a time. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/errno_of.h"
#include "mem/heap.h"
#include "mem/intent.h"
#include "mem/lock.h"
#include "mem/manager.h"
#include "mem/robust.h"
#include "mem/root_table.h"

#define SETTLE_MS 1000 /* the supervisor needs a few after a death */

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0' && n <= KM_ROOT_NAME_MAX; n++)
		if (name[n] < ' ' || name[n] > '~')
			return false;
	return n > 0 && n <= KM_ROOT_NAME_MAX;
}

static uint32_t bucket_of(const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ hash >> 16) % ROOT_BUCKETS;
}

static struct root *root_at(uint64_t addr)
{
	return (struct root *)(uintptr_t)addr;
}

/* ---- find, add ---------------------------------------------------------- */

/* From **where on; NULL: *where is the end of the list. */
static struct root *find(uint64_t **where, const char *name)
{
	uint64_t at;

	while ((at = load(*where)) != 0) {
		if (strcmp(root_at(at)->name, name) == 0)
			return root_at(at);
		*where = &root_at(at)->next;
	}
	return NULL;
}

static void fill_root(void *p, void *name)
{
	struct root *root = p;

	memcpy(root->name, name, strlen(name) + 1);
	robust_init(&root->lock);
}

static int make_table(uint64_t *where)
{
	void *p;
	int rc = intent_malloc_to((void **)where, sizeof(struct root_table),
	    KM_SITE(), NULL, NULL, &p);

	return rc != -KM_EEXIST ? rc : 0;
}

static int add(uint64_t *where, const char *name, struct root **out)
{
	void *p;
	int rc;

	do {
		rc = intent_malloc_to((void **)where, sizeof(**out), KM_SITE(),
		    fill_root, (void *)(uintptr_t)name, &p);
		*out = p;
		/* Somebody else was faster: maybe with this name. */
	} while (rc == -KM_EEXIST && (*out = find(&where, name)) == NULL);
	return rc != -KM_EEXIST ? rc : 0;
}

static int find_or_add(
    struct km_pool *pool, const char *name, struct root **out)
{
	struct root_table *table;
	uint64_t *where;
	int rc = load(&pool->roots) == 0 ? make_table(&pool->roots) : 0;

	if (rc != 0)
		return rc;
	table = (struct root_table *)(uintptr_t)load(&pool->roots);
	where = &table->bucket[bucket_of(name)];
	*out = find(&where, name);
	return *out != NULL ? 0 : add(where, name, out);
}

/* ---- one at a time ------------------------------------------------------ */

/* 0, or < 0: -KM_EBUSY, this thread is in the initialiser. */
static int root_lock(struct root *root)
{
	int rc = robust_get(&root->lock);

	/* Whatever its holder was doing, `value` and `made` say how far. */
	return rc == KM_LOCK_OWNER_DIED ? 0 : rc;
}

/*
 * Who was killed while it freed the block has left a mark, which its recovery
 * takes away. Returns 0; -KM_ETIMEOUT: nobody does.
 */
static int await_recovery(struct root *root)
{
	const struct timespec ms = { 0, 1000000 };

	for (int i = 0; i < SETTLE_MS; i++) {
		if (load(&root->made) == 0 ||
		    intent_get((void **)&root->made) != NULL)
			return 0;
		nanosleep(&ms, NULL);
	}
	return -KM_ETIMEOUT;
}

/* What a dead initialiser has left, or one that failed: away with it. */
static int drop_made(struct root *root, struct km_site *site)
{
	int rc = await_recovery(root);

	/* It has become the value, and who did that was killed behind it. */
	if (rc == 0 && load(&root->made) == load(&root->value))
		store(&root->made, 0);
	if (rc == 0 && load(&root->made) != 0)
		rc = intent_free_from((void **)&root->made, site);
	return rc;
}

/* The block of an initialiser that was killed: as good as new, and mine. */
static int take_made(struct km_pool *pool, struct root *root, void **out)
{
	const struct manager *manager = manager_at(pool->manager);
	struct holding mine = { 0, BLOCK_NORMAL };
	int rc = manager->slot(pool, &mine.slot);

	if (rc != 0)
		return rc;
	*out = (void *)(uintptr_t)load(&root->made);
	manager->change(pool, *out, NULL, &mine, 0);
	memset(*out, 0, root->made_size);
	return 0;
}

static int get_block(struct km_pool *pool, struct root *root, size_t size,
    struct km_site *site, void **out)
{
	int rc = await_recovery(root);

	if (rc == 0 && load(&root->made) != 0 && root->made_size == size)
		return take_made(pool, root, out);
	if (rc == 0)
		rc = drop_made(root, site);
	if (rc != 0)
		return rc;
	root->made_size = size;
	return intent_malloc_to(
	    (void **)&root->made, size, site, NULL, NULL, out);
}

/* With the lock held; the name has nothing. */
static int make(struct km_pool *pool, struct root *root, size_t size,
    km_root_init init, struct km_site *site, void **out)
{
	int rc = get_block(pool, root, size, site, out);

	if (rc != 0)
		return rc;
	if (init != NULL && init(*out) != 0) {
		drop_made(root, site);
		return -KM_EINTERRUPTED;
	}
	/* The commit: before it, the next one begins with this block. */
	store(&root->value, (uintptr_t)*out);
	store(&root->made, 0);
	return 0;
}

static int get_or_make(struct km_pool *pool, struct root *root, size_t size,
    km_root_init init, struct km_site *site, void **out)
{
	int rc;

	*out = (void *)(uintptr_t)load(&root->value);
	if (*out != NULL)
		return 0;
	rc = root_lock(root);
	if (rc != 0)
		return rc;
	*out = (void *)(uintptr_t)load(&root->value);
	if (*out == NULL)
		rc = make(pool, root, size, init, site, out);
	robust_release(&root->lock);
	return rc;
}

/* ---- public ------------------------------------------------------------- */

void *km_root_get(const char *name)
{
	const struct km_pool *pool = pool_in_use(KM_SHM);
	uint64_t *where, table, value = 0;
	struct request unused;
	struct root *root;

	if (pool == NULL) {
		/* For what it says in the log, and in errno. */
		heap_request(KM_SHM, 0, KM_SITE(), &unused);
		return NULL;
	}
	if (!is_name(name)) {
		errno = EINVAL;
		return NULL;
	}
	table = load(&pool->roots);
	if (table != 0) {
		where = (uint64_t *)(uintptr_t)table + bucket_of(name);
		root = find(&where, name);
		value = root != NULL ? load(&root->value) : 0;
	}
	if (value == 0)
		errno = ENOENT;
	return (void *)(uintptr_t)value;
}

int km_root_set(const char *name, void *p)
{
	struct request unused;
	struct km_pool *pool = heap_request(KM_SHM, 0, KM_SITE(), &unused);
	struct root *root;
	int rc;

	if (pool == NULL)
		return -KM_EREADY;
	if (!is_name(name) ||
	    (p != NULL && (uintptr_t)p - pool->base >= pool->size))
		return -KM_EINVAL;
	rc = find_or_add(pool, name, &root);
	if (rc == 0)
		rc = root_lock(root);
	if (rc != 0)
		return rc;
	rc = drop_made(root, KM_SITE());
	if (rc == 0)
		store(&root->value, (uintptr_t)p);
	robust_release(&root->lock);
	return rc;
}

void *km_root_make(
    const char *name, size_t size, km_root_init init, struct km_site *site)
{
	struct request unused;
	struct km_pool *pool = heap_request(KM_SHM, size, site, &unused);
	int rc = is_name(name) ? 0 : -KM_EINVAL;
	struct root *root = NULL;
	void *p = NULL;

	if (pool == NULL)
		return NULL;
	if (rc == 0)
		rc = find_or_add(pool, name, &root);
	if (rc == 0)
		rc = get_or_make(pool, root, size, init, site, &p);
	if (rc != 0) {
		errno = errno_of(rc);
		p = NULL;
	}
	heap_trace(KM_SHM, "root", size, site, p);
	return p;
}
