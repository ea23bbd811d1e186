/* SPDX-License-Identifier: MIT */
/* fuzz_headers.c - "HTTP/1.1", then lines of Name: value, as one request's
 * header; and everything that reads a field afterwards. */
#include <stdlib.h>
#include <string.h>

#include "api/etag.h"
#include "api/header.h"
#include "api/idempotency_key.h"
#include "api/limits.h"
#include "api/media.h"
#include "api/trace.h"
#include "fuzz.h"

#define FIELDS 300

static void check_key(struct text value)
{
	char key[IDEMPOTENCY_KEY_SIZE], again[IDEMPOTENCY_KEY_SIZE];
	char quoted[2 * IDEMPOTENCY_KEY_SIZE + 2] = "\"";
	struct err err = ERR_INIT;
	size_t n = 1;

	if (idempotency_key_read(value, key, &err)) {
		must(err.code == ERR_IDEMPOTENCY_KEY_INVALID && !key[0]);
		return;
	}
	must(key[0] && strlen(key) < sizeof(key));
	for (const char *s = key; *s; s++) {
		must(*s > ' ' && *s <= '~');
		if (*s == '"' || *s == '\\')
			quoted[n++] = '\\';
		quoted[n++] = *s;
	}
	quoted[n++] = '"';
	must(idempotency_key_read((struct text){quoted, n}, again, &err) == 0);
	must(strcmp(key, again) == 0);
}

static void check_match(struct text value)
{
	struct err err = ERR_INIT;
	int64_t versions[8];
	int count = -1;
	bool any;

	if (etag_versions(value, &any, versions, 8, &count, &err)) {
		must(err.code == ERR_MALFORMED);
		return;
	}
	must(count >= 0 && count <= 8 && !(any && count));
	for (int i = 0; i < count; i++)
		must(versions[i] >= 0);
}

static void check_prefer(const struct headers *h)
{
	int64_t ms = prefer_wait_ms(&h->prefer, 90000);

	must(ms >= 0 && ms <= 90000);
}

static void check_trace(const struct headers *h)
{
	struct text parent = h->value[HEADER_TRACEPARENT];
	struct text id = h->value[HEADER_REQUEST_ID];

	if (trace_parent_valid(parent))
		must(parent.len == TRACE_PARENT_SIZE - 1);
	if (trace_id_valid(id))
		must(id.len > 0 && id.len < TRACE_ID_SIZE);
}

static void must_be_framed(const struct headers *h)
{
	must(h->fields <= LIMIT_FIELDS && h->bytes <= LIMIT_HEADER);
	must(!h->malformed);
	must(!(h->seen[HEADER_CONTENT_LENGTH] &&
	       h->seen[HEADER_TRANSFER_ENCODING]));
	must(h->seen[HEADER_CONTENT_LENGTH] <= 1);
	must(h->chunked == !!h->seen[HEADER_TRANSFER_ENCODING]);
	must(h->has_body == (h->chunked || h->content_length > 0));
}

static void read_fields(const struct headers *h)
{
	check_key(h->value[HEADER_IDEMPOTENCY_KEY]);
	check_match(h->value[HEADER_IF_MATCH]);
	etag_listed(h->value[HEADER_IF_NONE_MATCH], "\"7\"");
	media_is(h->value[HEADER_CONTENT_TYPE], "application/json");
	media_refuses_json(h->value[HEADER_ACCEPT]);
	check_prefer(h);
	check_trace(h);
}

static void add(struct headers *h, const char *line)
{
	const char *colon = strchr(line, ':');
	size_t n = colon ? (size_t)(colon - line) : strlen(line);

	headers_add(h, line, n, colon ? colon + 1 : "",
		    colon ? strlen(colon + 1) : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *version = input_until(&in, '\n');
	struct err err = ERR_INIT;
	struct headers h = {0};
	char *lines[FIELDS];
	bool close;
	int n = 0;

	while (n < FIELDS && (lines[n] = input_until(&in, '\n')))
		add(&h, lines[n++]);
	if (version && headers_check(&h, version, &close, &err) == 0) {
		must(close == h.chunked && err.code == ERR_NONE);
		must_be_framed(&h);
	} else if (version) {
		must(err_public(err.code));
	}
	read_fields(&h);
	while (n)
		free(lines[--n]);
	free(version);
	return 0;
}
