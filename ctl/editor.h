/* SPDX-License-Identifier: ISC */
/* editor.h - edits a line on a terminal, and completes its words. */
#ifndef CTL_EDITOR_H
#define CTL_EDITOR_H
/*
 * Tab completes the word before the cursor, or lists what it could be; ^C
 * gives up the line.
 *
 * Lifetime: until freed. Concurrency: one at a time.
 */
struct editor;

/* socket is where to ask for completions; borrowed. Returns 0 and *editor, or
 * -KM_ENOMEM. */
int editor_new(const char *socket, struct editor **editor);
void editor_free(struct editor **editor);

/* The next line, borrowed until the next one; NULL: the end of input. */
const char *editor_read(struct editor *editor);

#endif
