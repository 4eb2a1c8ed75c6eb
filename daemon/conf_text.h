/* SPDX-License-Identifier: ISC */
/* conf_text.h - the configuration file as libconfuse shall see it. */
#ifndef KMEMD_CONF_TEXT_H
#define KMEMD_CONF_TEXT_H
/*
 * Comments are blanked here: libconfuse miscounts lines after a comment, and
 * takes a comment or quotation without an end for the rest of the file.
 *
 * Lifetime: conf_text_read() to conf_text_free().
 */
#include <stddef.h>

/* Bytes: a typo must not eat the memory. */
#define CONF_TEXT_MAX (1024 * 1024)

struct conf_text {
	char *bytes; /* as many lines as the file */
	size_t size;
	unsigned line;	 /* -KM_EINVAL: where, ... */
	const char *why; /* ... and what is wrong there */
};

/*
 * Returns 0; -KM_ENOENT, -KM_ESYS: cannot be read, see errno; -KM_ELIMIT: too
 * large; -KM_ENOMEM; -KM_EINVAL: see line and why. To be freed in any case.
 */
int conf_text_read(const char *path, struct conf_text *text);
void conf_text_free(struct conf_text *text);

/*
 * The last line that is not blank, without the blanks around it: returns its
 * number and sets *line, which is no string, and *size; 0 if there is none.
 */
unsigned conf_text_last(
    const struct conf_text *text, const char **line, size_t *size);

/* Blank the comments of text->bytes. Returns 0 or -KM_EINVAL, as above. */
int conf_text_blank(struct conf_text *text);

#endif
