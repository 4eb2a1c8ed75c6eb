/* SPDX-License-Identifier: ISC */
/* mem_methods.h - handlers of mem.*, each in a file of its own. */
#ifndef KMEMD_METHODS_MEM_METHODS_H
#define KMEMD_METHODS_MEM_METHODS_H

struct rpc_call;

void mem_check(struct rpc_call *call); /* pool pid */
void mem_find(struct rpc_call *call);  /* address pid */
void mem_top(struct rpc_call *call);   /* pool pid by count */

#endif
