/* SPDX-License-Identifier: MIT */
/*
 * turns.h - whose call is next, of all that wait in one lane.
 *
 * Clients (API keys) take turns: one call of each, round and round, however
 * many each has waiting. Of one client's, undoing goes before doing, and then
 * the operation that began first: so operations end one after the other instead
 * of all at the end, little stands half-built, and those that are nearest to
 * their deadline are nearest to their end.
 */
#ifndef SAGA_TURNS_H
#define SAGA_TURNS_H

#include "base/id.h"

struct task;
struct turns;

/* What one client has waiting in one lane. */
struct turn {
	char principal[ID_SIZE];
	struct turns *all;
	int holders;	    /* sagas that may put a task here */
	struct task **heap; /* the next first */
	int count, size;
	struct turn *prev, *next; /* ring of those with tasks */
};

struct turns {
	void *by_principal; /* tsearch tree of turns */
	struct turn *first; /* whose turn it is; NULL: nothing waits */
};

/* The client's turn, NULL if there is no memory. Each needs one drop. */
struct turn *turn_hold(struct turns *all, const char *principal);
void turn_drop(struct turn *turn);

/* The task waits from now on; as its saga is, undoing or doing. -1: there is no
 * memory. */
int turn_put(struct turn *turn, struct task *t);
/* It waits no more. */
void turn_remove(struct turn *turn, struct task *t);
/* Takes out the next; NULL if none waits. */
struct task *turns_take(struct turns *all);

#endif
