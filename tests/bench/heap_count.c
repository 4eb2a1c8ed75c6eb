/* SPDX-License-Identifier: ISC */
/* heap_count.c - heaps that only tell: what is requested, what is resident. */
#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/heap_count.h"

/* In front of each block; as large as malloc aligns. */
union count_head {
	size_t size;
	char align[16];
};

static struct {
	size_t used, blocks;
	size_t most; /* of used */
} count;

static void count_add(size_t size)
{
	count.used += size;
	if (count.most < count.used)
		count.most = count.used;
}

static void *count_malloc(size_t size)
{
	union count_head *head = malloc(sizeof(*head) + size);

	if (head == NULL)
		return NULL;
	head->size = size;
	count_add(size);
	count.blocks++;
	return head + 1;
}

static void count_free(void *p)
{
	union count_head *head = p;

	if (p == NULL)
		return;
	head--;
	count.used -= head->size;
	count.blocks--;
	free(head);
}

static void *count_realloc(void *p, size_t size)
{
	union count_head *head = p;

	if (p == NULL)
		return count_malloc(size);
	head--;
	count_add(size - head->size);
	head = realloc(head, sizeof(*head) + size);
	if (head == NULL)
		return NULL;
	head->size = size;
	return head + 1;
}

const struct heap_calls count_calls = { count_malloc, count_realloc,
	count_free };

void count_memory(struct heap_memory *memory)
{
	*memory = (struct heap_memory){
		.used = count.most,
		.blocks = count.blocks,
	};
}

static size_t resident(void)
{
	char text[512];
	size_t kb = 0;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	const char *rss;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	rss = strstr(text, "Rss:");
	return rss != NULL && sscanf(rss, "Rss: %zu kB", &kb) == 1 ? kb << 10
								   : 0;
}

void resident_memory(struct heap_memory *memory)
{
	static size_t begin;
	size_t now;

	if (begin == 0) {
		malloc_trim(0); /* what the trace's reader has freed */
		begin = resident();
	}
	now = resident();
	*memory = (struct heap_memory){
		.held = now > begin ? now - begin : 0,
	};
}
