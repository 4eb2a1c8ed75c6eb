/* SPDX-License-Identifier: ISC */
/* queue.h - messages from any number of producers to any number of consumers.
 */
#ifndef EXAMPLES_QUEUE_H
#define EXAMPLES_QUEUE_H
/*
 * producer.c and consumer.c share it by its name.  A message is a block of shm
 * that the producer allocates, and the consumer frees.
 *
 * Concurrency: any process.  One that is killed between sem_wait() and its end
 * leaves a place, or a message, that nobody else waits for any more: at worst
 * the queue is shorter by one, or a message late until the next one comes.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kmem.h>

#define QUEUE_ROOT   "example.queue"
#define QUEUE_PLACES 64

struct message {
	struct message *next;
	size_t length;
	char text[];
};

struct queue {
	gen_lock_t lock;
	sem_t places;	/* free ones */
	sem_t messages; /* to be taken */
	struct message *first;
	struct message *last;
};

static inline int queue_init(void *p)
{
	struct queue *queue = p;

	return lock_init(&queue->lock) != NULL &&
		       sem_init(&queue->places, 1, QUEUE_PLACES) == 0 &&
		       sem_init(&queue->messages, 1, 0) == 0
		   ? 0
		   : -1;
}

/* Attach, and find or make the queue. Ends the program when it cannot. */
static inline struct queue *queue_open(const char *program)
{
	struct queue *queue;

	if (km_attach(NULL) != 0) {
		fprintf(stderr, "%s: %s\n", program, km_attach_why());
		exit(1);
	}
	queue =
	    km_root_get_or_create(QUEUE_ROOT, sizeof(struct queue), queue_init);
	if (queue == NULL) {
		perror(program);
		exit(1);
	}
	return queue;
}

#endif
