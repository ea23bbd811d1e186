/* SPDX-License-Identifier: MIT */
/* main.c - the sub-commands of `trunkline`: a table, and what picks a row. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "commands.h"

static int command_version(int argc, char **argv);
static int command_help(int argc, char **argv);

#define ANY -1

static const struct command_row {
	const char *name, *args, *help;
	int (*run)(int argc, char **argv);
	int arg_count; /* ANY: the command reads them itself */
} commands[] = {
	{"serve", "", "run the service", command_serve, 0},
	{"migrate", "", "bring the database to this version", command_migrate,
	 0},
	{"backup", "FILE", "copy the database, also of a running service",
	 command_backup, 1},
	{"key", "...", "create, list or revoke API keys", command_key, ANY},
	{"rekey", "", "put the database under another master key",
	 command_rekey, 0},
	{"health", "", "exit 0 if the service here is ready", command_health,
	 0},
	{"version", "", "print the version", command_version, 0},
	{"help", "", "print this", command_help, 0},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int command_version(int argc, char **argv)
{
	return puts("trunkline " TRUNKLINE_VERSION) < 0 ? EX_IOERR : EX_OK;
}

static int command_help(int argc, char **argv)
{
	puts("usage: trunkline COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-8s %-5s %s\n", commands[i].name, commands[i].args,
		       commands[i].help);
	puts("\nSettings are read from the environment:\n");
	conf_help(stdout);
	return fflush(stdout) ? EX_IOERR : EX_OK;
}

int command_fail(const struct err *err)
{
	fprintf(stderr, "trunkline: %s\n", err->detail);
	switch (err->code) {
	case ERR_CONFIG:
		return EX_CONFIG;
	case ERR_STORE_FULL:
	case ERR_STORE_LOCKED:
		return EX_TEMPFAIL;
	case ERR_NOT_FOUND:
	case ERR_INVALID_REQUEST:
		return EX_DATAERR;
	default:
		return EX_SOFTWARE;
	}
}

static int misused(const char *what, const char *name, const char *args)
{
	fprintf(stderr,
		"trunkline: %s%s\nusage: trunkline %s%s%s, see "
		"`trunkline help`\n",
		what, name, *args ? name : "COMMAND", *args ? " " : "", args);
	return EX_USAGE;
}

static bool asks_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (asks_help(name))
		name = "help";
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		if (argc == 3 && asks_help(argv[2]) &&
		    commands[i].arg_count != ANY) /* they have their own */
			return command_help(argc, argv);
		if (commands[i].arg_count == ANY)
			return commands[i].run(argc - 1, argv + 1);
		if (argc > 2 + commands[i].arg_count)
			return misused("too many arguments after ", name,
				       commands[i].args);
		if (argc < 2 + commands[i].arg_count)
			return misused("an argument is missing after ", name,
				       commands[i].args);
		return commands[i].run(argc - 1, argv + 1);
	}
	if (argc > 1)
		return misused("there is no command ", name, "");
	return misused("which command?", "", "");
}
