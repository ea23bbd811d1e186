/* SPDX-License-Identifier: MIT */
/* commands.h - how a command starts a saga, for the files that each know some
 * kinds of commands: create.c and change.c. */
#ifndef SAGA_COMMANDS_H
#define SAGA_COMMANDS_H

#include "saga.h"

/* Each starts a saga, joins one or answers at once and returns 0; or -1 with
 * err (and faults), and nothing has changed. */
int take_create(struct engine *e, struct command *c, struct faults *faults,
		struct err *err);
int take_update(struct engine *e, struct command *c, struct faults *faults,
		struct err *err);
int take_delete(struct engine *e, struct command *c, struct err *err);
int take_force(struct engine *e, struct command *c, struct err *err);

/* A new saga for the command; NULL (OVERLOADED) if there is no room. */
struct saga *command_begin(struct engine *e, const struct command *c,
			   enum op_kind kind, struct err *err);
/* From here the saga lives until it has ended and that is on disk. Swallows sg,
 * also on failure. */
int command_start(struct engine *e, struct command *c, struct saga *sg,
		  struct err *err);
/* The command waits for the saga's end, or (async) is answered now. */
void command_attach(struct engine *e, struct command *c, struct saga *sg);

#endif
