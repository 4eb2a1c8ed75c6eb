/* SPDX-License-Identifier: ISC */
/* rounds.h - seeded rounds of a fuzz target, where there is no libFuzzer. */
#ifndef TESTS_FUZZ_ROUNDS_H
#define TESTS_FUZZ_ROUNDS_H
/*
 * Concurrency: one thread.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of this round: the same everywhere for the same seed. */
uint32_t rounds_random(void);

/* At most so many bytes. */
#define ROUNDS_INPUT_MOST 4096

/*
 * main(), with --rounds and --seed: one TAP line about `what`, and how to
 * repeat the round that failed. make_input() returns how many bytes it made.
 */
int rounds_main(int argc, char **argv, const char *what,
    size_t (*make_input)(uint8_t input[ROUNDS_INPUT_MOST]));

#endif
