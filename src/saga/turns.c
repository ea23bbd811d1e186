/* SPDX-License-Identifier: MIT */
/* turns.c - see turns.h: a ring of clients, each with a heap of tasks. */
#include "turns.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "saga.h"

#define ROWS_BITS 10 /* of a saga: agents, and some more */

static int by_principal(const void *a, const void *b)
{
	return strcmp(((const struct turn *)a)->principal,
		      ((const struct turn *)b)->principal);
}

struct turn *turn_hold(struct turns *all, const char *principal)
{
	struct turn key, **found, *turn;

	snprintf(key.principal, sizeof(key.principal), "%s", principal);
	found = tfind(&key, &all->by_principal, by_principal);
	turn = found ? *found : calloc(1, sizeof(*turn));
	if (!turn)
		return NULL;
	if (!found) {
		strcpy(turn->principal, key.principal);
		turn->all = all;
		if (!tsearch(turn, &all->by_principal, by_principal)) {
			free(turn);
			return NULL;
		}
	}
	turn->holders++;
	return turn;
}

void turn_drop(struct turn *turn)
{
	if (--turn->holders)
		return;
	tdelete(turn, &turn->all->by_principal, by_principal);
	free(turn->heap);
	free(turn);
}

/* --- the ring --- */

static void enter(struct turn *turn)
{
	struct turns *all = turn->all;

	if (!all->first) {
		all->first = turn->prev = turn->next = turn;
		return;
	}
	turn->next = all->first; /* behind all the others */
	turn->prev = all->first->prev;
	turn->prev->next = turn->next->prev = turn;
}

static void leave(struct turn *turn)
{
	struct turns *all = turn->all;

	if (all->first == turn)
		all->first = turn->next == turn ? NULL : turn->next;
	turn->prev->next = turn->next;
	turn->next->prev = turn->prev;
}

/* --- the heap --- */

static uint64_t rank_of(const struct task *t)
{
	uint64_t doing = !saga_undoing(t->saga);

	return doing << 63 | (uint64_t)t->saga->place << ROWS_BITS |
	       (uint64_t)(t - t->saga->tasks);
}

static void put(struct turn *turn, int at, struct task *t)
{
	turn->heap[at] = t;
	t->place = at;
}

static void sift_up(struct turn *turn, int at)
{
	struct task *t = turn->heap[at];

	for (; at > 0; at = (at - 1) / 2) {
		struct task *parent = turn->heap[(at - 1) / 2];

		if (parent->rank <= t->rank)
			break;
		put(turn, at, parent);
	}
	put(turn, at, t);
}

static void sift_down(struct turn *turn, int at)
{
	struct task *t = turn->heap[at];
	int child;

	while ((child = 2 * at + 1) < turn->count) {
		if (child + 1 < turn->count &&
		    turn->heap[child + 1]->rank < turn->heap[child]->rank)
			child++;
		if (turn->heap[child]->rank >= t->rank)
			break;
		put(turn, at, turn->heap[child]);
		at = child;
	}
	put(turn, at, t);
}

int turn_put(struct turn *turn, struct task *t)
{
	if (turn->count == turn->size) {
		int size = turn->size ? 2 * turn->size : 4;
		struct task **heap = reallocarray(turn->heap, (size_t)size,
						  sizeof(struct task *));

		if (!heap)
			return -1;
		turn->heap = heap;
		turn->size = size;
	}
	t->rank = rank_of(t);
	if (turn->count == 0)
		enter(turn);
	put(turn, turn->count++, t);
	sift_up(turn, t->place);
	return 0;
}

void turn_remove(struct turn *turn, struct task *t)
{
	int at = t->place;
	struct task *last = turn->heap[--turn->count];

	if (turn->count == 0)
		leave(turn);
	if (last == t)
		return;
	put(turn, at, last);
	sift_up(turn, at);
	sift_down(turn, last->place);
}

struct task *turns_take(struct turns *all)
{
	struct turn *turn = all->first;
	struct task *t;

	if (!turn)
		return NULL;
	all->first = turn->next;
	t = turn->heap[0];
	turn_remove(turn, t);
	return t;
}
