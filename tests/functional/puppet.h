/* SPDX-License-Identifier: ISC */
/* puppet.h - between the files of the module puppet. */
#ifndef KMEMD_TESTS_FUNCTIONAL_PUPPET_H
#define KMEMD_TESTS_FUNCTIONAL_PUPPET_H

/* "puppet: VERB: TEXT", into the log. */
void puppet_say(const char *verb, const char *text);

/* Verbs: each forks a process, which takes so many bytes of shm. */
void puppet_fork(const char *size);
void puppet_fork_die(const char *size);	   /* it ends at once */
void puppet_fork_thread(const char *size); /* a thread takes them, and ends */
void puppet_fork_blind(const char *size);  /* it can open no file */
void puppet_fork_apart(const char *size);  /* it has a pid namespace */

/* Until this child has ended, and is no zombie any more. */
void puppet_wait(const char *pid);

#endif
