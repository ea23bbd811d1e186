/* SPDX-License-Identifier: MIT */
/* retell.c - Retell's calls as requests; see retell.h. */
#include "provider/retell.h"

#include "base/json.h"
#include "base/percent.h"

static int begin(const struct retell *r, struct http_request *rq,
		 enum provider_call call, enum http_method method,
		 const char *path, const char *id)
{
	call_set(rq, call);
	rq->method = method;
	rq->auth = HTTP_AUTH_BEARER;
	buf_str(&rq->secret, r->key);
	buf_printf(&rq->url, "%s%s", r->url, path);
	percent_add(&rq->url, id);
	return rq->secret.failed || rq->url.failed ? -1 : 0;
}

static int add_body(struct http_request *rq, const json_t *body)
{
	rq->body_type = HTTP_BODY_JSON;
	return json_add_value(&rq->body, body);
}

int retell_get_agent(const struct retell *r, struct http_request *rq,
		     const char *agent_id, const json_t *version)
{
	if (begin(r, rq, CALL_GET_AGENT, HTTP_GET, "/get-agent/", agent_id))
		return -1;
	if (json_is_integer(version))
		return buf_printf(&rq->url, "?version=%" JSON_INTEGER_FORMAT,
				  json_integer_value(version));
	if (!json_is_string(version))
		return 0;
	if (buf_str(&rq->url, "?version="))
		return -1;
	return percent_add(&rq->url, json_string_value(version));
}

int retell_list_numbers(const struct retell *r, struct http_request *rq,
			const char *key)
{
	if (begin(r, rq, CALL_LIST_NUMBERS, HTTP_GET, "/v2/list-phone-numbers",
		  "") ||
	    buf_str(&rq->url, "?limit=1000"))
		return -1;
	if (!key)
		return 0;
	if (buf_str(&rq->url, "&pagination_key="))
		return -1;
	return percent_add(&rq->url, key);
}

int retell_get_number(const struct retell *r, struct http_request *rq,
		      const char *phone_number)
{
	return begin(r, rq, CALL_GET_NUMBER, HTTP_GET, "/get-phone-number/",
		     phone_number);
}

int retell_import_number(const struct retell *r, struct http_request *rq,
			 const json_t *body)
{
	if (begin(r, rq, CALL_IMPORT_NUMBER, HTTP_POST, "/import-phone-number",
		  ""))
		return -1;
	return add_body(rq, body);
}

int retell_update_number(const struct retell *r, struct http_request *rq,
			 const char *phone_number, const json_t *body)
{
	if (begin(r, rq, CALL_UPDATE_NUMBER, HTTP_PATCH,
		  "/update-phone-number/", phone_number))
		return -1;
	return add_body(rq, body);
}

int retell_delete_number(const struct retell *r, struct http_request *rq,
			 const char *phone_number)
{
	return begin(r, rq, CALL_DELETE_NUMBER, HTTP_DELETE,
		     "/delete-phone-number/", phone_number);
}
