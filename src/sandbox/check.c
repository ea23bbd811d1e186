/* SPDX-License-Identifier: MIT */
/*
 * check.c - Twilio's parameters against the rows of kinds.c.
 *
 * Unknown parameters are ignored, as Twilio does: nothing here looks for them.
 * An empty value clears an optional field.
 */
#include "call.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool is_e164(const char *s)
{
	size_t n = strlen(s);

	if (n < 8 || n > 16 || s[0] != '+' || s[1] < '1' || s[1] > '9')
		return false;
	return strspn(s + 1, "0123456789") == n - 1;
}

bool is_sid(const char *s, const char *prefix)
{
	return strlen(s) == SID_SIZE - 1 && strncmp(s, prefix, 2) == 0 &&
	       strspn(s + 2, "0123456789abcdefABCDEF") == SID_SIZE - 3;
}

/* Length in characters, not bytes. */
static long length(const char *s)
{
	long n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool parse_int(const char *s, long *n)
{
	char *end;

	if (!*s || strlen(s) > 10 || strspn(s, "0123456789") != strlen(s))
		return false;
	*n = strtol(s, &end, 10);
	return *end == '\0';
}

bool is_choice(const char *s, const char *choices)
{
	size_t len = strlen(s);

	if (!len || strchr(s, '|'))
		return false;
	for (;;) {
		const char *bar = strchr(choices, '|');
		size_t n = bar ? (size_t)(bar - choices) : strlen(choices);

		if (n == len && strncmp(s, choices, n) == 0)
			return true;
		if (!bar)
			return false;
		choices = bar + 1;
	}
}

bool is_web_url(const char *s)
{
	if (strncmp(s, "http://", 7) == 0)
		s += 7;
	else if (strncmp(s, "https://", 8) == 0)
		s += 8;
	else
		return false;
	return isalnum((unsigned char)*s) && !strpbrk(s, " \"<>") &&
	       length(s) <= 2048;
}

static bool is_sip_uri(const char *s)
{
	return strncmp(s, "sip:", 4) == 0 && isalnum((unsigned char)s[4]) &&
	       !strpbrk(s, " \"<>") && length(s) <= 255;
}

static bool is_domain(const char *s)
{
	static const char tail[] = ".pstn.twilio.com";
	size_t len = strlen(s), end = strlen(tail);

	if (len <= end || len > 255 || strcasecmp(s + len - end, tail) != 0)
		return false;
	for (size_t i = 0; i < len - end; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	return s[0] != '-';
}

/* Twilio's rule: at least 12, with upper and lower case and a digit. */
static bool is_strong(const char *s)
{
	bool upper = false, lower = false, digit = false;

	if (length(s) < 12)
		return false;
	for (; *s; s++) {
		upper |= isupper((unsigned char)*s) != 0;
		lower |= islower((unsigned char)*s) != 0;
		digit |= isdigit((unsigned char)*s) != 0;
	}
	return upper && lower && digit;
}

static bool is_good(const struct field *f, const char *value)
{
	struct in_addr ip;
	long n;

	switch (f->type) {
	case F_TEXT:
		return !f->max ||
		       (length(value) >= f->min && length(value) <= f->max);
	case F_INT:
		return parse_int(value, &n) && n >= f->min && n <= f->max;
	case F_BOOL:
		return strcasecmp(value, "true") == 0 ||
		       strcasecmp(value, "false") == 0;
	case F_CHOICE:
		return is_choice(value, f->choices);
	case F_URL:
		return is_web_url(value);
	case F_SIP:
		return is_sip_uri(value);
	case F_DOMAIN:
		return is_domain(value);
	case F_IPV4:
		return inet_pton(AF_INET, value, &ip) == 1;
	case F_PASSWORD:
		return is_strong(value);
	case F_SID_OF:
		return is_sid(value, f->choices);
	default:
		return true;
	}
}

static void refuse_value(struct sandbox_call *c, const struct field *f)
{
	if (strcmp(f->param, "FriendlyName") == 0)
		refuse(c, 400, 20002,
		       "Invalid FriendlyName: must be %ld to %ld characters",
		       f->min, f->max);
	else if (f->type == F_PASSWORD || strcmp(f->param, "Username") == 0)
		refuse_code(c, 400, 21240);
	else if (f->type == F_DOMAIN)
		refuse(c, 400, 21245,
		       "DomainName must be letters, digits and hyphens "
		       "followed by .pstn.twilio.com");
	else
		refuse(c, 400, 20422, "Invalid Parameter: %s", f->param);
}

int check_fields(struct sandbox_call *c, enum sandbox_kind kind, bool creating)
{
	for (const struct field *f = kinds[kind].fields; f->name || f->param;
	     f++) {
		const char *value;
		bool required = f->flags & REQUIRED;

		if (!f->param || (!creating && (f->flags & ONCE)))
			continue;
		value = form_get(&c->form, f->param);
		if (!value) {
			if (!creating || !required)
				continue;
			refuse(c, 400, 20001,
			       "Missing required parameter %s in the post body",
			       f->param);
			return -1;
		}
		if (!*value && !required)
			continue; /* clears it */
		if (!is_good(f, value)) {
			refuse_value(c, f);
			return -1;
		}
	}
	return 0;
}

static json_t *converted(const struct field *f, const char *value)
{
	long n = 0;

	if (f->type == F_INT && parse_int(value, &n))
		return json_integer(n);
	if (f->type == F_BOOL)
		return json_boolean(strcasecmp(value, "true") == 0);
	return json_text(value);
}

static void store_password(struct resource *r, const char *password)
{
	char digest[DIGEST_SIZE];

	password_digest(password, digest);
	put_text(r->doc, "password_sha256", digest);
}

void store_fields(struct sandbox_call *c, struct resource *r, bool creating)
{
	const struct kind *kind = &kinds[r->pub.kind];

	for (const struct field *f = kind->fields; f->name || f->param; f++) {
		const char *value =
			f->param ? form_get(&c->form, f->param) : NULL;

		if (!value || ((f->flags & ONCE) && !creating))
			continue;
		if (f->type == F_PASSWORD)
			store_password(r, value);
		else if (*value)
			put(r->doc, f->name, converted(f, value));
		else
			(void)json_object_del(r->doc, f->name);
	}
	r->updated_ms = c->now_ms;
}
