/* SPDX-License-Identifier: ISC */
/* rounds.c - seeded rounds of a fuzz target, where there is no libFuzzer. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/rounds.h"

static uint64_t random_state;

/* xorshift64* */
uint32_t rounds_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 2685821657736338717ULL) >> 32);
}

static uint64_t option(int argc, char **argv, const char *name, uint64_t value)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			value = strtoull(argv[i + 1], NULL, 0);
	return value;
}

/* In a child, so that its seed is known whatever becomes of it. */
static void run(uint64_t rounds, uint64_t seed, uint64_t *current,
    size_t (*make_input)(uint8_t input[ROUNDS_INPUT_MOST]))
{
	static uint8_t input[ROUNDS_INPUT_MOST];

	for (uint64_t i = 0; i < rounds; i++) {
		*current = seed + i;
		random_state = (seed + i) * 0x9e3779b97f4a7c15ULL | 1;
		LLVMFuzzerTestOneInput(input, make_input(input));
	}
}

int rounds_main(int argc, char **argv, const char *what,
    size_t (*make_input)(uint8_t input[ROUNDS_INPUT_MOST]))
{
	uint64_t rounds = option(argc, argv, "--rounds", 20000);
	uint64_t seed = option(argc, argv, "--seed", 1);
	uint64_t *current = mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	if (current == MAP_FAILED)
		return 99;
	printf("1..1\n");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run(rounds, seed, current, make_input);
		exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status != 0)
		printf("# repeat it with --rounds 1 --seed %llu\n",
		    (unsigned long long)*current);
	printf("%sok 1 - %s, %llu rounds from seed %llu\n",
	    status != 0 ? "not " : "", what, (unsigned long long)rounds,
	    (unsigned long long)seed);
	return status != 0;
}
