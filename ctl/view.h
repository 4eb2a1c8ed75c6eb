/* SPDX-License-Identifier: ISC */
/* view.h - walks a result, page by page, and tells a writer what comes. */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H
/*
 * A result may come in pages: an object whose member "next" is not null.
 * Where the writer joins pages, they are shown as one struct: an array goes
 * on from page to page, another member is shown once, "next" never.
 *
 * Lifetime: one result. The writer is borrowed. Concurrency: one thread.
 */
#define VIEW_NEXT "next"

struct json_object;
struct writer;
struct view;

/* Returns 0 and *view, or -KM_ENOMEM. */
int view_new(struct writer *writer, struct view **view);

/* Show a result, or its next page; borrowed. 0, or -KM_ENOMEM. */
int view_page(struct view *view, struct json_object *result);

/* End what pages have left open. */
void view_end(struct view *view);

/* Ends it, too. */
void view_free(struct view **view);

/* Show a value whatever its members mean; borrowed, NULL is null. */
void view_value(
    struct writer *writer, const char *key, struct json_object *value);

/*
 * The request for the page after this one, {method, params}, borrowed;
 * NULL: it is the last.
 */
struct json_object *view_next(struct json_object *result);

#endif
