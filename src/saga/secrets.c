/* SPDX-License-Identifier: MIT */
/* secrets.c - the secrets of a spec, sealed for the record that keeps them and
 * opened again. */
#include <string.h>

#include "base/json.h"
#include "saga.h"

#define SECRETS_MAX 4096

int secrets_close(struct engine *e, const char *place, const struct spec *spec,
		  struct buf *out, struct err *err)
{
	struct buf clear = BUF_INIT(SECRETS_MAX);
	int rc;

	if (json_object_size(spec->secrets) == 0)
		return 0;
	/* Once and for all: growing would leave copies behind. */
	buf_reserve(&clear, SECRETS_MAX);
	rc = json_add_value(&clear, spec->secrets)
		     ? err_set(err, ERR_STORE_FULL, "out of memory")
		     : seal_close(e->seal, e->clock, place, clear.data,
				  clear.len, out, err);
	if (rc && err->code == ERR_INTERNAL) /* no memory: again, later */
		err->code = ERR_STORE_FULL;
	buf_release_secret(&clear);
	return rc;
}

bool login_of(const struct spec *spec, struct twilio_login *out)
{
	const char *token = spec_secret(spec, "twilio_auth_token");
	const char *key_secret = spec_secret(spec, "twilio_api_key_secret");

	out->account_sid = spec_str(spec, "twilio_account_sid");
	out->user = key_secret ? spec_str(spec, "twilio_api_key_sid")
			       : out->account_sid;
	out->secret = key_secret ? key_secret : token;
	return out->account_sid && out->secret;
}

int secrets_open(struct engine *e, const char *place, const void *sealed,
		 size_t size, const char *pub, struct spec *out,
		 struct err *err)
{
	struct buf clear = BUF_INIT(SECRETS_MAX);
	int rc = -1;

	if (!sealed || size == 0)
		return spec_restore(out, pub, NULL, 0, err);
	if (seal_open(e->seal, place, sealed, size, &clear, err) == 0)
		rc = spec_restore(out, pub, clear.data, clear.len, err);
	else if (err->code == ERR_INTERNAL)
		err->code = ERR_OVERLOADED;
	buf_release_secret(&clear);
	return rc;
}
