/* SPDX-License-Identifier: MIT */
/* conf_show.c - the table of settings for people, and their values for the log.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf_row.h"

#define ROWS_MAX     64
#define ADDRESS_TEXT (sizeof(((struct conf_address *)0)->host) + 9)

/* Prints text in lines of up to 72 columns, indented. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column && column + 1 + n > 72) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column ? " " : "        ", (int)n, text);
		column += n + 1;
		text += n + (text[n] == ' ');
	}
	fputc('\n', out);
}

void conf_help(FILE *out)
{
	const struct row *r;

	for (int i = 0; (r = row_at(i)); i++) {
		fprintf(out, "  %s%s%s", r->face.name,
			r->face.fallback[0] ? "=" : "", r->face.fallback);
		if (r->type == INTEGER)
			fprintf(out, "  (%" PRId64 " to %" PRId64 ")", r->min,
				r->max);
		if (r->face.secret)
			fprintf(out, "  (or %s_FILE)", r->face.name);
		fputc('\n', out);
		print_wrapped(out, r->face.help);
	}
}

/* A value as the log may show it. memory is for what has to be put together. */
static struct log_field shown(const struct row *r, const struct conf *c,
			      char memory[ADDRESS_TEXT])
{
	const char *name = r->face.name;
	const struct conf_address *a = row_field(r, c);
	char *const *text = row_field(r, c);
	const bool *on = row_field(r, c);
	const int64_t *n = row_field(r, c);

	switch (r->type) {
	case TEXT:
		if (r->face.secret)
			return (struct log_field)L_STR(name,
						       *text ? "set" : "unset");
		return (struct log_field)L_STR(name, *text);
	case SWITCH:
		return (struct log_field)L_STR(name, *on ? "on" : "off");
	case LEVEL:
		return (struct log_field)L_STR(name, log_level_name(*n));
	case CHOICE:
		return (struct log_field)L_STR(name, r->choices[*n]);
	case ADDRESS:
		snprintf(memory, ADDRESS_TEXT,
			 strchr(a->host, ':') ? "[%s]:%u" : "%s:%u", a->host,
			 a->port);
		return (struct log_field)L_STR(name, memory);
	case INTEGER:
		break;
	}
	return (struct log_field)L_INT(name, *n);
}

void conf_log(const struct conf *c)
{
	struct log_field fields[ROWS_MAX + 1];
	char memory[ROWS_MAX][ADDRESS_TEXT];
	const struct row *r;
	int i;

	for (i = 0; i < ROWS_MAX && (r = row_at(i)); i++) {
		if (r->face.secret)
			log_hide(*(char *const *)row_field(r, c));
		fields[i] = shown(r, c, memory[i]);
	}
	assert(!row_at(i));
	fields[i] = (struct log_field){.kind = LOG_F_END};
	/* Of a database at a server the URL may hold the password. */
	if (strncmp(c->database_url, "postgres", 8) == 0)
		log_hide(c->database_url);
	log_write(LOG_INFO, "configuration", fields);
}
