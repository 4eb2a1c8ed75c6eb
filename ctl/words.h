/* SPDX-License-Identifier: ISC */
/* words.h - the words of a command as a method and its parameters. */
#ifndef CTL_WORDS_H
#define CTL_WORDS_H
#include <stddef.h>

#include "ctl/status.h"

struct json_object;

/* STATUS_OK if a word can be a method's name; else it has said why not. */
enum status words_method(const char *word);

/*
 * The array of count words, see line_value(); NULL in *params when there are
 * none. Else STATUS_USAGE or STATUS_BROKEN, and it has said why.
 */
enum status words_params(const char *method, size_t count, char *const *words,
    struct json_object **params);

#endif
