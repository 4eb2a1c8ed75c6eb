/* SPDX-License-Identifier: ISC */
/* producer.c - each line of its input is a message. */
#include "queue.h"

/* Waits for a place. Returns 0, or -1: no memory. */
static int put(struct queue *queue, const char *text, size_t length)
{
	struct message *message = shm_malloc(sizeof(*message) + length);

	if (message == NULL)
		return -1;
	message->next = NULL;
	message->length = length;
	memcpy(message->text, text, length);
	sem_wait(&queue->places);
	lock_get(&queue->lock);
	if (queue->first == NULL)
		queue->first = message;
	else
		queue->last->next = message;
	queue->last = message;
	lock_release(&queue->lock);
	sem_post(&queue->messages);
	return 0;
}

int main(void)
{
	struct queue *queue = queue_open("producer");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, stdin)) >= 0)
		if (put(queue, line, (size_t)length) != 0) {
			perror("producer");
			return 1;
		}
	free(line);
	return 0;
}
