/* SPDX-License-Identifier: MIT */
/* commands.h - the sub-commands of `trunkline`; main.c has the table. Each
 * returns the process's exit code (sysexits.h). */
#ifndef SRC_COMMANDS_H
#define SRC_COMMANDS_H

#include "base/err.h"

int command_serve(int argc, char **argv);
int command_migrate(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_key(int argc, char **argv);
int command_rekey(int argc, char **argv);
int command_health(int argc, char **argv);

/* The exit code for what went wrong: 78 for the configuration, 75 for what may
 * pass, 65 for what was asked for, 70 for the rest. Says the error on standard
 * error. */
int command_fail(const struct err *err);

#endif
