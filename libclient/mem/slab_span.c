/* SPDX-License-Identifier: ISC */
/* slab_span.c - spans: claim, collect, return, and a free from elsewhere. */
#include "config.h"

#include "mem/slab_part.h"

void slab_span_raise(struct slab_side *side)
{
	for (unsigned i = 0; i < SLAB_N_HINTS; i++)
		__atomic_store_n(&side->hint[i], 1, __ATOMIC_RELEASE);
}

/* ---- claim -------------------------------------------------------------- */

/*
 * RES(me) -> tags -> CONT -> SPAN.  The last store is the commit: a kill
 * before it leaves RES and CONT of the dead, which recovery frees, with the
 * units that the row names.
 */
static struct slab_page *cut(
    struct slab_part *part, uint32_t head, unsigned class)
{
	const struct slab_class *c = &slab_class[class];
	struct slab_page *page = &part->pages[head];
	uint16_t *guess = slab_guesses(part->pool) + head;
	uint64_t ver;

	slab_set_more(page, 0);
	if (slab_unit_claim(part, page, c->n_units) != 0) {
		slab_pages_release(part, head, c->n_pages);
		return NULL;
	}
	for (unsigned i = 1; i < c->n_pages; i++)
		__atomic_store_n(&page[i].word, slab_cont(part->slot, head),
		    __ATOMIC_RELEASE);
	for (unsigned i = 0; i < c->n_pages; i++)
		__atomic_store_n(
		    &guess[i], slab_guess(class, i), __ATOMIC_RELAXED);
	ver = __atomic_add_fetch(&part->slab->n_begun, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&page->word,
	    part->bin[class].mine | ver << SLAB_VER_SHIFT, __ATOMIC_RELEASE);
	/* After the commit: hints put up before belong to another life. */
	slab_span_raise(slab_side(part, page));
	return page;
}

struct slab_page *slab_span_claim(struct slab_part *part, unsigned class)
{
	uint32_t head =
	    slab_pages_claim(part, slab_class[class].n_pages, SLAB_PAGE);

	return head != SLAB_NO_PAGE ? cut(part, head, class) : NULL;
}

struct slab_page *slab_span_claim_last(struct slab_part *part, unsigned class)
{
	uint32_t head =
	    slab_pages_claim_last(part, slab_class[class].n_pages, SLAB_PAGE);

	return head != SLAB_NO_PAGE ? cut(part, head, class) : NULL;
}

/* ---- looking at tags ---------------------------------------------------- */

static bool is_live(const uint64_t *tag)
{
	return (__atomic_load_n(tag, __ATOMIC_ACQUIRE) & SLAB_LIVE) != 0;
}

/*
 * Of somebody else's span, word and unit may be of two lives: what is read then
 * means nothing, as the CAS that follows will tell, but must lie in the pool.
 */
static unsigned count_live(
    const struct slab_part *part, const struct slab_page *page, unsigned most)
{
	unsigned class = slab_word_class(slab_load(page)), n = 0;
	uint64_t unit = __atomic_load_n(&page->unit, __ATOMIC_RELAXED);
	const uint64_t *tags;

	if (class >= SLAB_N_CLASSES ||
	    !slab_unit_is_in(unit, slab_class[class].n_blocks, part->data_size))
		return most;
	tags = (uint64_t *)(part->data + slab_unit_off(unit));
	for (unsigned i = 0; i < slab_class[class].n_blocks && n < most; i++)
		n += is_live(&tags[i]);
	return n;
}

bool slab_span_has_free(
    const struct slab_part *part, const struct slab_page *page)
{
	unsigned class = slab_word_class(slab_load(page));

	return class < SLAB_N_CLASSES &&
	       count_live(part, page, UINT32_MAX) < slab_class[class].n_blocks;
}

bool slab_span_is_empty(
    const struct slab_part *part, const struct slab_page *page)
{
	return count_live(part, page, 1) == 0;
}

/* ---- collect ------------------------------------------------------------ */

/* Push the free blocks of one group. False: the stack was full before its end.
 */
static bool push_group(struct slab_part *part, struct slab_page *page,
    const struct slab_class *c, unsigned group, struct slab_bin *bin)
{
	unsigned i = group << c->shift, end = i + (1u << c->shift);
	uint64_t *tags = slab_tags_at(part, page);
	char *at = slab_addr(part, page) + (size_t)i * c->size;
	struct slab_hint *top = bin->top;
	bool fits = true;

	if (end > c->n_blocks)
		end = c->n_blocks;
	for (; i < end; i++, at += c->size) {
		if (is_live(&tags[i]))
			continue;
		fits = top != bin->limit;
		if (!fits)
			break;
		*top++ = (struct slab_hint){ at, &tags[i], page };
	}
	bin->top = top;
	return fits;
}

/*
 * Whose hint is up is scanned: it is taken down first, with a full fence
 * before the tags are read, so that of a free in between either the tag or the
 * hint is seen.  What does not fit stays hinted.
 */
static void scan(struct slab_part *part, struct slab_page *page, unsigned class,
    struct slab_bin *bin)
{
	const struct slab_class *c = &slab_class[class];
	struct slab_side *side = slab_side(part, page);
	uint8_t up[SLAB_N_HINTS];
	uint64_t hints = slab_hints(side);
	unsigned g;

	memcpy(up, &hints, sizeof(up));
	for (g = 0; g < SLAB_N_HINTS; g++)
		if (up[g] != 0)
			__atomic_store_n(&side->hint[g], 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (g = 0; g < SLAB_N_HINTS; g++)
		if (up[g] != 0 && !push_group(part, page, c, g, bin))
			break;
	/* Of this group, and of those behind it, some may be left. */
	for (; g < SLAB_N_HINTS; g++)
		if (up[g] != 0)
			__atomic_store_n(&side->hint[g], 1, __ATOMIC_RELEASE);
}

unsigned slab_span_collect(
    struct slab_part *part, struct slab_page *page, unsigned class)
{
	struct slab_bin *bin = &part->bin[class];
	const struct slab_hint *before = bin->top;
	unsigned n;

	slab_announce_any(part, page);
	if ((uint32_t)slab_load(page) == bin->mine)
		scan(part, page, class, bin);
	slab_done(part->busy);
	n = (unsigned)(bin->top - before);
	part->link[slab_number(part, page)].out += (uint16_t)n;
	return n;
}

/* ---- return ------------------------------------------------------------- */

/*
 * Only I can make a block of it live, so when all tags are free they stay so.
 * A kill after the CAS leaves DYING(dead): recovery goes on from there.
 */
bool slab_span_return(struct slab_part *part, struct slab_page *page)
{
	const struct slab_class *c;
	uint64_t word, dying;
	bool empty;

	slab_announce_any(part, page);
	word = slab_load(page);
	empty = (word & SLAB_MINE_MASK) == part->mine &&
		slab_span_is_empty(part, page);
	c = &slab_class[slab_word_class(word)];
	dying = slab_dying(part->slot, c->n_pages);
	empty = empty && slab_cas(page, word, dying);
	slab_done(part->busy);
	if (!empty)
		return false;
	slab_unit_release(part, page, c->n_units, slab_was_span(word));
	slab_pages_release(part, slab_number(part, page), c->n_pages);
	return true;
}

/* ---- free from elsewhere ------------------------------------------------ */

/*
 * Tag first, and the hint is not read before it: the owner takes hints down
 * before it reads tags.
 */
void slab_span_hint(struct slab_side *side, unsigned group)
{
	uint8_t *hint = &side->hint[group];

	if (__atomic_load_n(hint, __ATOMIC_SEQ_CST) == 0)
		__atomic_store_n(hint, 1, __ATOMIC_RELEASE);
}

int slab_span_free_far(struct slab_part *part, const struct slab_found *found,
    uint32_t site, struct misuse *misuse)
{
	uint64_t old, *tag = slab_tag_of(part, found, &old);

	do {
		if ((old & SLAB_LIVE) == 0) {
			misuse->kind = MISUSE_FREED;
			misuse->size = found->class->size - slab_tag_slack(old);
			misuse->site = slab_tag_site(old);
			misuse->freed_site = slab_tag_epoch(old);
			return -KM_EINVAL;
		}
		/* The commit. A kill behind it loses the hint, no block. */
	} while (
	    !__atomic_compare_exchange_n(tag, &old, slab_tag_free(old, site),
		true, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
	slab_span_hint(
	    slab_side(part, found->page), found->index >> found->class->shift);
	return 0;
}
