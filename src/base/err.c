/* SPDX-License-Identifier: MIT */
/* err.c - the error type and the list of codes of err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct err_def defs[ERR_COUNT] = {
#define X(name, code, http, again, title, help) \
	[ERR_##name] = {code, http, again, title, help},
	ERRORS(X)
#undef X
};

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->code != ERR_NONE)
		return -1;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->detail, sizeof(err->detail), fmt, ap);
	va_end(ap);
	return -1;
}

void err_clear(struct err *err)
{
	*err = (struct err)ERR_INIT;
}

const struct err_def *err_def(enum err_code code)
{
	if (code <= ERR_NONE || code >= ERR_COUNT)
		code = ERR_INTERNAL;
	return &defs[code];
}

enum err_code err_by_name(const char *name)
{
	for (int c = ERR_NONE + 1; c < ERR_COUNT; c++)
		if (strcmp(defs[c].code, name) == 0)
			return (enum err_code)c;
	return ERR_NONE;
}

bool err_public(enum err_code code)
{
	return err_def(code)->help[0] != '\0';
}
