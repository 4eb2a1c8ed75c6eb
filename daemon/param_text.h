/* SPDX-License-Identifier: ISC */
/* param_text.h - values of parameters: what is right, and how it is written. */
#ifndef KMEMD_PARAM_TEXT_H
#define KMEMD_PARAM_TEXT_H
/*
 * What looks at rows alone, be they kmemd's or a module's; group.c keeps
 * values. Concurrency: any; nothing is stored.
 */
#include <stddef.h>

#include "daemon/param.h"

/* Each returns 0; -KM_EINVAL: of the other type; -KM_ERANGE. */
int param_check_int(const struct param *row, long value);
int param_check_string(const struct param *row, const char *value);

/* Read and check a number or boolean. Returns the same, and *value. */
int param_parse_number(const struct param *row, const char *text, long *value);

/* "64", "yes", "0660", "0x7e8000000000". Into buf; buf. */
const char *param_format_number(
    const struct param *row, long value, char *buf, size_t size);

/* param_range() of a row, and param_default_text(). Into buf; buf. */
const char *param_row_range(const struct param *row, char *buf, size_t size);
const char *param_row_default(const struct param *row, char *buf, size_t size);

#endif
