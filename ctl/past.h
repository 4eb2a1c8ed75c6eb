/* SPDX-License-Identifier: ISC */
/* past.h - the lines typed before, kept from one prompt to the next. */
#ifndef CTL_PAST_H
#define CTL_PAST_H
/*
 * They are in a file that only its owner may read: KMEMCTL_HISTORY, else
 * kmemctl_history in XDG_STATE_HOME, else .kmemctl_history in HOME. An empty
 * KMEMCTL_HISTORY, or none of them, keeps none. Of two prompts at the same
 * time the file has the lines of the one that wrote last.
 *
 * Lifetime: until freed. Concurrency: one thread.
 */
struct past;

/* Returns 0 and *past, with the lines of the file; -KM_ENOMEM. A file that
 * cannot be read is said on stderr. */
int past_new(struct past **past);
void past_free(struct past **past);

/* For el_set(3), EL_HIST with history(3). */
void *past_history(struct past *past);

/* Add a line, without the blanks at its end, and write the file anew: a prompt
 * may be killed at any time. That it cannot be written is said once. */
void past_add(struct past *past, const char *line);

#endif
