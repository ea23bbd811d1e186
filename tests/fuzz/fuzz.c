/* SPDX-License-Identifier: MIT */
/* fuzz.c - cutting inputs up, and promises that several targets check. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "saga/view.h"

void fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
	abort();
}

struct input input_of(const uint8_t *data, size_t size)
{
	return (struct input){size ? (const char *)data : "", size};
}

uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return (uint8_t)*in->at++;
}

static char *copy(const char *at, size_t len)
{
	char *s = malloc(len + 1);

	must(s);
	memcpy(s, at, len);
	s[len] = '\0';
	return s;
}

char *input_until(struct input *in, char end)
{
	const char *stop;
	size_t len;
	char *s;

	if (!in->left)
		return NULL;
	stop = memchr(in->at, end, in->left);
	len = stop ? (size_t)(stop - in->at) : in->left;
	s = copy(in->at, len);
	len += stop != NULL;
	in->at += len;
	in->left -= len;
	return s;
}

char *input_rest(struct input *in)
{
	char *s = copy(in->at, in->left);

	in->left = 0;
	return s;
}

/* --- promises ------------------------------------------------------------ */

static bool plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

void must_be_public(const struct err *err, int status_class)
{
	must(err->code != ERR_NONE);
	must(err_public(err->code));
	must(err_def(err->code)->http / 100 == status_class);
	must(err->detail[0]);
	must(plain(err->detail));
}

/* RFC 6901: "" or /-separated parts in which ~ stands before 0 or 1 only. */
static bool is_pointer(const char *s)
{
	if (*s && *s != '/')
		return false;
	for (; *s; s++)
		if (*s == '~' && s[1] != '0' && s[1] != '1')
			return false;
	return true;
}

static void must_be_a_problem(const struct err *err,
			      const struct faults *faults)
{
	struct buf b = BUF_INIT(256 * 1024);
	json_t *problem;

	must(view_problem(&b, err, "req_fuzz", faults, NULL) == 0);
	problem = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	must(problem);
	must(json_is_string(json_object_get(problem, "code")));
	if (faults && faults->count)
		must(json_array_size(json_object_get(problem, "errors")) ==
		     (size_t)faults->count);
	json_decref(problem);
	buf_release(&b);
}

void must_be_told(const struct err *err, const struct faults *faults)
{
	must_be_public(err, 4);
	must((err->code == ERR_INVALID_REQUEST) == (faults->count > 0));
	must(faults->count <= FAULTS_MAX);
	for (int i = 0; i < faults->count; i++) {
		must(is_pointer(faults->list[i].pointer));
		must(faults->list[i].detail[0]);
		must(plain(faults->list[i].detail));
	}
	must_be_a_problem(err, faults);
}

void must_restore(const struct spec *s)
{
	struct buf pub = BUF_INIT(1024 * 1024), sec = BUF_INIT(64 * 1024);
	struct spec again = SPEC_INIT;
	struct err err = ERR_INIT;

	must(json_add_value(&pub, s->pub) == 0);
	must(json_add_value(&sec, s->secrets) == 0);
	must(spec_restore(&again, pub.data, sec.data, sec.len, &err) == 0);
	must(json_equal(again.pub, s->pub));
	must(json_equal(again.secrets, s->secrets));
	spec_release(&again);
	buf_release_secret(&sec);
	buf_release(&pub);
}

static bool is_secret(const char *name)
{
	return strcmp(name, "twilio_auth_token") == 0 ||
	       strcmp(name, "twilio_api_key_secret") == 0 ||
	       strcmp(name, "sip_password") == 0 ||
	       strcmp(name, "password") == 0;
}

void must_hide_secrets(const json_t *pub)
{
	json_t *object = (json_t *)pub, *member;
	const char *name;

	json_object_foreach (object, name, member) {
		if (strcmp(name, "metadata") == 0)
			continue; /* any names at all */
		must(!is_secret(name));
		must_hide_secrets(member);
	}
}
