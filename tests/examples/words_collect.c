/* SPDX-License-Identifier: ISC */
/* words_collect.c - counts the words of its input in the shared table. */
#include "words.h"

/* Returns 0, or -1: no memory. */
static int count(struct words *words, const char *text)
{
	size_t size = strlen(text) + 1;
	struct word **at, *word;
	int rc = 0;

	lock_get(&words->lock);
	at = words_find(words, text);
	if (*at != NULL) {
		(*at)->seen++;
	} else if ((word = shm_malloc(sizeof(*word) + size)) != NULL) {
		word->next = NULL;
		word->seen = 1;
		memcpy(word->text, text, size);
		*at = word; /* from here on it is seen by all */
		words->count++;
	} else {
		rc = -1;
	}
	lock_release(&words->lock);
	return rc;
}

int main(void)
{
	struct words *words = words_open("words_collect");
	char *text = pkg_malloc(WORDS_LINE);

	if (words == NULL || text == NULL)
		return 1;
	while (scanf("%63s", text) == 1)
		if (count(words, text) != 0) {
			perror("words_collect");
			return 1;
		}
	pkg_free(text);
	return 0;
}
