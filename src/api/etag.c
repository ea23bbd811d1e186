/* SPDX-License-Identifier: MIT */
/* etag.c - lists of entity tags. */
#include "api/etag.h"

#include <string.h>

/* Takes an element as an entity tag; opaque is what is between the quotes. */
static bool read_tag(struct text t, bool *weak, struct text *opaque)
{
	*weak = t.len > 2 && t.at[0] == 'W' && t.at[1] == '/';
	if (*weak)
		t = (struct text){t.at + 2, t.len - 2};
	if (t.len < 2 || t.at[0] != '"' || t.at[t.len - 1] != '"')
		return false;
	*opaque = (struct text){t.at + 1, t.len - 2};
	for (size_t i = 0; i < opaque->len; i++)
		if (opaque->at[i] == '"' || opaque->at[i] == ' ' ||
		    opaque->at[i] == '\t')
			return false;
	return true;
}

/* A version as we write it: no sign, no leading zero. */
static bool read_version(struct text t, int64_t *version)
{
	int64_t n = 0;

	if (!t.len || t.len > 18 || (t.len > 1 && t.at[0] == '0'))
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		n = n * 10 + (t.at[i] - '0');
	}
	*version = n;
	return true;
}

/* Cuts at the next comma that is outside quotes; a tag knows no backslash. */
static bool next_tag(struct text *rest, struct text *part)
{
	bool quoted = false;
	size_t i;

	if (!rest->len)
		return false;
	for (i = 0; i < rest->len && (quoted || rest->at[i] != ','); i++)
		if (rest->at[i] == '"')
			quoted = !quoted;
	*part = text_trim((struct text){rest->at, i});
	i += i < rest->len;
	rest->at += i;
	rest->len -= i;
	return true;
}

int etag_versions(struct text value, bool *any, int64_t *versions, int max,
		  int *count, struct err *err)
{
	struct text part, opaque;
	int64_t version;
	int tags = 0;
	bool weak;

	*count = 0;
	*any = text_is(value, "*");
	if (*any)
		return 0;
	while (next_tag(&value, &part)) {
		if (!part.len)
			continue; /* empty elements are allowed */
		if (!read_tag(part, &weak, &opaque))
			return err_set(err, ERR_MALFORMED,
				       "If-Match must be * or a list of "
				       "entity tags in quotes");
		tags++;
		if (weak || !read_version(opaque, &version))
			continue;
		if (*count == max)
			return err_set(err, ERR_MALFORMED,
				       "If-Match may list %d versions", max);
		versions[(*count)++] = version;
	}
	if (!tags)
		return err_set(err, ERR_MALFORMED, "If-Match is empty");
	return 0;
}

bool etag_listed(struct text value, const char *etag)
{
	size_t len = strlen(etag);
	struct text part, opaque;
	bool weak;

	if (text_is(value, "*"))
		return true;
	while (next_tag(&value, &part))
		if (read_tag(part, &weak, &opaque) && opaque.len + 2 == len &&
		    memcmp(opaque.at, etag + 1, opaque.len) == 0)
			return true;
	return false;
}
