/* SPDX-License-Identifier: MIT */
/* header.c - which fields we know, and what makes a request's framing safe. */
#include "api/header.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "api/limits.h"
#include "base/eight.h"

/* A row for each field that we read, in the order of enum header. */
static const struct known {
	const char *name;
	uint8_t len;
	bool once; /* a second one is refused */
} known[HEADER_COUNT] = {
/* clang-format off */
#define ROW(id, name, once) [HEADER_##id] = {name, sizeof(name) - 1, once}
	ROW(ACCEPT,            "Accept",            false),
	ROW(AUTHORIZATION,     "Authorization",     true),
	ROW(CONTENT_ENCODING,  "Content-Encoding",  true),
	ROW(CONTENT_LENGTH,    "Content-Length",    true),
	ROW(CONTENT_TYPE,      "Content-Type",      true),
	ROW(EXPECT,            "Expect",            true),
	ROW(HOST,              "Host",              true),
	ROW(IDEMPOTENCY_KEY,   "Idempotency-Key",   true),
	ROW(IF_MATCH,          "If-Match",          true),
	ROW(IF_NONE_MATCH,     "If-None-Match",     false),
	ROW(LAST_EVENT_ID,     "Last-Event-ID",     true),
	ROW(PREFER,            "Prefer",            false),
	ROW(REQUEST_ID,        "X-Request-Id",      false),
	ROW(TRACEPARENT,       "traceparent",       false),
	ROW(TRANSFER_ENCODING, "Transfer-Encoding", true),
#undef ROW
	/* clang-format on */
};

/* What a character may be part of. */
enum { TOKEN = 1, HOST = 2 };

static const uint8_t parts[256] = {
	['0' ... '9'] = TOKEN | HOST,
	['A' ... 'Z'] = TOKEN | HOST,
	['a' ... 'z'] = TOKEN | HOST,
	/* clang-format off */
	['!'] = TOKEN | HOST, ['#'] = TOKEN,        ['$'] = TOKEN | HOST,
	['%'] = TOKEN | HOST, ['&'] = TOKEN | HOST, ['\''] = TOKEN | HOST,
	['*'] = TOKEN | HOST, ['+'] = TOKEN | HOST, ['-'] = TOKEN | HOST,
	['.'] = TOKEN | HOST, ['^'] = TOKEN,        ['_'] = TOKEN | HOST,
	['`'] = TOKEN,        ['|'] = TOKEN,        ['~'] = TOKEN | HOST,
	['('] = HOST, [')'] = HOST, [','] = HOST, [':'] = HOST, [';'] = HOST,
	['='] = HOST, ['['] = HOST, [']'] = HOST,
	/* clang-format on */
};

static bool all_are(const char *s, size_t len, uint8_t part)
{
	for (size_t i = 0; i < len; i++)
		if (!(parts[(unsigned char)s[i]] & part))
			return false;
	return true;
}

bool is_token(const char *s, size_t len)
{
	return len > 0 && all_are(s, len, TOKEN);
}

static bool has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Visible characters, blanks, tabs and obs-text (RFC 9110 5.5). */
static bool is_value(const char *s, size_t len)
{
	for (; len >= EIGHT; s += EIGHT, len -= EIGHT) {
		uint64_t w = eight_at(s);

		if (eight_any(eight_below(w, ' ') | eight_is(w, 0x7f)) &&
		    has_control(s, EIGHT))
			return false;
	}
	return !has_control(s, len);
}

bool text_is(struct text t, const char *s)
{
	return t.at && strlen(s) == t.len && strncasecmp(t.at, s, t.len) == 0;
}

struct text text_trim(struct text t)
{
	while (t.len && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

bool text_next(struct text *rest, char at, struct text *part)
{
	bool quoted = false;
	size_t i;

	if (!rest->at || !rest->len)
		return false;
	for (i = 0; i < rest->len; i++) {
		char c = rest->at[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted && i + 1 < rest->len)
			i++;
		else if (c == at && !quoted)
			break;
	}
	*part = text_trim((struct text){rest->at, i});
	if (i < rest->len)
		i++;
	rest->at += i;
	rest->len -= i;
	return true;
}

/* HEADER_COUNT if we do not read it. */
static int find(const char *name, size_t len)
{
	int i = 0;

	while (i < HEADER_COUNT && (known[i].len != len ||
				    strncasecmp(known[i].name, name, len) != 0))
		i++;
	return i;
}

static void take(struct headers *h, enum header i, struct text value)
{
	if (!h->seen[i]) /* the library compares a coding untrimmed */
		h->value[i] = i == HEADER_TRANSFER_ENCODING ? value
							    : text_trim(value);
	else if (known[i].once && !h->twice)
		h->twice = i;
	if (h->seen[i] < UINT8_MAX)
		h->seen[i]++;
	if (i == HEADER_PREFER)
		prefer_add(&h->prefer, value.at, value.len);
}

void headers_add(struct headers *h, const char *name, size_t name_len,
		 const char *value, size_t value_len)
{
	int i = find(name, name_len);

	h->fields++;
	h->bytes += name_len + value_len + 4; /* ": " and CRLF */
	if (i < HEADER_COUNT)
		take(h, (enum header)i, (struct text){value, value_len});
	else if (!is_token(name, name_len))
		h->malformed = true;
	if (!is_value(value, value_len))
		h->malformed = true;
}

/* Digits only: no sign, no list, nothing that could be read in two ways. */
static int read_length(struct headers *h, struct err *err)
{
	struct text t = h->value[HEADER_CONTENT_LENGTH];
	uint64_t n = 0;

	if (!t.len || t.len > 18)
		return err_set(err, ERR_MALFORMED,
			       "Content-Length must be a decimal number");
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return err_set(err, ERR_MALFORMED,
				       "Content-Length must be a decimal "
				       "number");
		n = n * 10 + (uint64_t)(t.at[i] - '0');
	}
	h->content_length = n;
	h->has_body = n > 0;
	return 0;
}

/* Where the body ends must be beyond doubt (RFC 9112 6.3). */
static int check_framing(struct headers *h, const char *version,
			 struct err *err)
{
	bool length = h->seen[HEADER_CONTENT_LENGTH];

	if (!h->seen[HEADER_TRANSFER_ENCODING])
		return length ? read_length(h, err) : 0;
	if (length)
		return err_set(err, ERR_MALFORMED,
			       "Content-Length and Transfer-Encoding exclude "
			       "each other");
	if (strcmp(version, "HTTP/1.0") == 0)
		return err_set(err, ERR_MALFORMED,
			       "HTTP/1.0 has no Transfer-Encoding");
	if (!text_is(h->value[HEADER_TRANSFER_ENCODING], "chunked"))
		return err_set(err, ERR_NOT_IMPLEMENTED,
			       "the only supported transfer coding is chunked");
	h->has_body = h->chunked = true;
	return 0;
}

/* Looks like a name or an address with a port, no more: we never use it. */
static int check_host(const struct headers *h, const char *version,
		      struct err *err)
{
	struct text t = h->value[HEADER_HOST];

	if (!h->seen[HEADER_HOST] && strcmp(version, "HTTP/1.0") == 0)
		return 0;
	if (!t.len)
		return err_set(err, ERR_MALFORMED, "Host is missing");
	if (!all_are(t.at, t.len, HOST))
		return err_set(err, ERR_MALFORMED,
			       "Host is not a host name with a port");
	return 0;
}

/* In and behind chunks the library takes a bare line feed for a line end and a
 * trailer without a name for the end of them all. We see nothing of that, so a
 * chunked body is the last of its connection. */
int headers_check(struct headers *h, const char *version, bool *close,
		  struct err *err)
{
	*close = true;
	if (h->fields > LIMIT_FIELDS || h->bytes > LIMIT_HEADER)
		return err_set(err, ERR_HEADERS_TOO_LARGE,
			       "the request has %u header fields of %zu bytes; "
			       "%d of %d bytes are the limit",
			       h->fields, h->bytes, LIMIT_FIELDS, LIMIT_HEADER);
	if (h->malformed)
		return err_set(err, ERR_MALFORMED,
			       "a header field has a name or a value that HTTP "
			       "does not allow");
	if (h->torn)
		return err_set(err, ERR_MALFORMED,
			       "a line of the header is folded, holds a NUL, "
			       "has no name or does not end in CR LF");
	if (h->twice)
		return err_set(err,
			       h->twice == HEADER_IDEMPOTENCY_KEY
				       ? ERR_IDEMPOTENCY_KEY_INVALID
				       : ERR_MALFORMED,
			       "%s may be sent only once",
			       known[h->twice].name);
	if (check_framing(h, version, err) || check_host(h, version, err))
		return -1;
	*close = h->chunked || h->unseen;
	return 0;
}
