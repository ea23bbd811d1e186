/* SPDX-License-Identifier: MIT */
/* trace.c - the story of a seed as lines on standard output, each with the
 * virtual time, and the rules that were broken. */
#include <stdarg.h>
#include <stdio.h>

#include "sim.h"

void trace(const struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->tracing)
		return;
	printf("%9.3f  ", (double)w->clock.now / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	(void)fflush(stdout);
}

void broken(struct world *w, const char *rule, const char *fmt, ...)
{
	char text[360];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	trace(w, "BROKEN %s: %s", rule, text);
	if (!w->broken++)
		snprintf(w->first, sizeof(w->first), "%s: %s", rule, text);
}
