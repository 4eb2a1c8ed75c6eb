/* SPDX-License-Identifier: ISC */
/* consumer.c - takes so many messages, and prints them. */
#include "queue.h"

/* Waits for one. The caller frees it. */
static struct message *take(struct queue *queue)
{
	struct message *message;

	do {
		sem_wait(&queue->messages);
		lock_get(&queue->lock);
		message = queue->first;
		if (message != NULL)
			queue->first = message->next;
		lock_release(&queue->lock);
	} while (message == NULL);
	sem_post(&queue->places);
	return message;
}

int main(int argc, char **argv)
{
	struct queue *queue = queue_open("consumer");
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 1;

	for (; n > 0; n--) {
		struct message *message = take(queue);

		fwrite(message->text, 1, message->length, stdout);
		shm_free(message);
	}
	return 0;
}
