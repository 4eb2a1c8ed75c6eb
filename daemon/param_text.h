/* SPDX-License-Identifier: ISC */
/* param_text.h - values of parameters: what is right, and how it is written. */
#ifndef KMEMD_PARAM_TEXT_H
#define KMEMD_PARAM_TEXT_H
/*
 * The half of param.h that looks at rows alone; param.c keeps the values.
 * Concurrency: any; nothing is stored.
 */
#include <stddef.h>

#include "daemon/param.h"

/* Each returns 0; -KM_EINVAL: of the other type; -KM_ERANGE. */
int param_check_int(enum param_id id, long value);
int param_check_string(enum param_id id, const char *value);

/* Read and check a number or boolean. Returns the same, and *value. */
int param_parse_number(enum param_id id, const char *text, long *value);

/* "64", "yes", "0660", "0x7e8000000000". Into buf; buf. */
const char *param_format_number(
    enum param_id id, long value, char *buf, size_t size);

#endif
