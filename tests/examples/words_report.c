/* SPDX-License-Identifier: ISC */
/* words_report.c - for each N of its input, the N words seen most often. */
#include <stdlib.h>

#include "words.h"

/* A copy in the program's own pool: nobody waits while it is sorted. */
static size_t copy(struct words *words, struct word **all, size_t room)
{
	size_t n = 0, size;

	for (size_t i = 0; i < WORDS_BUCKETS; i++)
		for (struct word *w = words->bucket[i]; w != NULL && n < room;
		     w = w->next) {
			size = sizeof(*w) + strlen(w->text) + 1;
			all[n] = pkg_malloc(size);
			if (all[n] != NULL)
				memcpy(all[n++], w, size);
		}
	return n;
}

static int more(const void *a, const void *b)
{
	const struct word *x = *(struct word *const *)a;
	const struct word *y = *(struct word *const *)b;

	if (x->seen != y->seen)
		return x->seen < y->seen ? 1 : -1;
	return strcmp(x->text, y->text);
}

static void report(struct words *words, size_t most)
{
	struct word **all;
	size_t n = 0;

	lock_get(&words->lock);
	all = pkg_malloc(words->count * sizeof(*all));
	if (all != NULL)
		n = copy(words, all, words->count);
	lock_release(&words->lock);
	if (n > 0)
		qsort(all, n, sizeof(*all), more);
	for (size_t i = 0; i < n; i++) {
		if (i < most)
			printf("%lu %s\n", all[i]->seen, all[i]->text);
		pkg_free(all[i]);
	}
	pkg_free(all);
	fflush(stdout);
}

int main(void)
{
	struct words *words = words_open("words_report");
	char *line = pkg_malloc(WORDS_LINE);

	if (words == NULL || line == NULL)
		return 1;
	while (fgets(line, WORDS_LINE, stdin) != NULL)
		report(words, strtoul(line, NULL, 10));
	pkg_free(line);
	return 0;
}
