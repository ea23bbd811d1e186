/* SPDX-License-Identifier: MIT */
/* twilio.c - Twilio's calls as requests; see twilio.h. */
#include "provider/twilio.h"

#include <stdarg.h>
#include <string.h>

#include "base/percent.h"
#include "form.h"

#define PAGE_SIZE_MAX 1000 /* above: error 20007 */

/* Begins a call: method, credentials, and the path below one of the hosts. */
static int begin(const struct twilio *t, struct http_request *rq,
		 enum provider_call call, enum http_method method,
		 const char *host, const char *path_fmt, ...)
	__attribute__((format(printf, 6, 7)));

static int begin(const struct twilio *t, struct http_request *rq,
		 enum provider_call call, enum http_method method,
		 const char *host, const char *path_fmt, ...)
{
	va_list ap;

	call_set(rq, call);
	rq->method = method;
	rq->auth = HTTP_AUTH_BASIC;
	if (method == HTTP_POST)
		rq->body_type = HTTP_BODY_FORM;
	buf_str(&rq->user, t->user);
	buf_str(&rq->secret, t->secret);
	buf_str(&rq->url, host);
	va_start(ap, path_fmt);
	buf_vprintf(&rq->url, path_fmt, ap);
	va_end(ap);
	return rq->user.failed || rq->secret.failed || rq->url.failed ? -1 : 0;
}

#define ACCOUNT "/2010-04-01/Accounts/%s"

/* --- numbers ------------------------------------------------------------- */

int twilio_list_numbers(const struct twilio *t, struct http_request *rq,
			const char *phone_number)
{
	if (begin(t, rq, CALL_LIST_INCOMING_NUMBERS, HTTP_GET, t->api_url,
		  ACCOUNT "/IncomingPhoneNumbers.json?PageSize=50&PhoneNumber=",
		  t->account_sid))
		return -1;
	return percent_add(&rq->url, phone_number);
}

int twilio_fetch_number(const struct twilio *t, struct http_request *rq,
			const char *number_sid)
{
	return begin(t, rq, CALL_FETCH_INCOMING_NUMBER, HTTP_GET, t->api_url,
		     ACCOUNT "/IncomingPhoneNumbers/%s.json", t->account_sid,
		     number_sid);
}

int twilio_update_number(const struct twilio *t, struct http_request *rq,
			 const char *number_sid, const char *trunk_sid,
			 const char *voice_application_sid,
			 const char *voice_url)
{
	if (begin(t, rq, CALL_UPDATE_INCOMING_NUMBER, HTTP_POST, t->api_url,
		  ACCOUNT "/IncomingPhoneNumbers/%s.json", t->account_sid,
		  number_sid) ||
	    form_add(&rq->body, "TrunkSid", trunk_sid) ||
	    form_add(&rq->body, "VoiceApplicationSid", voice_application_sid))
		return -1;
	return form_add(&rq->body, "VoiceUrl", voice_url);
}

/* --- credential lists ---------------------------------------------------- */

#define LISTS ACCOUNT "/SIP/CredentialLists"

int twilio_create_credential_list(const struct twilio *t,
				  struct http_request *rq, const char *name)
{
	if (begin(t, rq, CALL_CREATE_CREDENTIAL_LIST, HTTP_POST, t->api_url,
		  LISTS ".json", t->account_sid))
		return -1;
	return form_add(&rq->body, "FriendlyName", name);
}

int twilio_list_credential_lists(const struct twilio *t,
				 struct http_request *rq)
{
	return begin(t, rq, CALL_LIST_CREDENTIAL_LISTS, HTTP_GET, t->api_url,
		     LISTS ".json?PageSize=%d", t->account_sid, PAGE_SIZE_MAX);
}

int twilio_delete_credential_list(const struct twilio *t,
				  struct http_request *rq, const char *list_sid)
{
	return begin(t, rq, CALL_DELETE_CREDENTIAL_LIST, HTTP_DELETE,
		     t->api_url, LISTS "/%s.json", t->account_sid, list_sid);
}

int twilio_create_credential(const struct twilio *t, struct http_request *rq,
			     const char *list_sid, const char *username,
			     const char *password)
{
	if (begin(t, rq, CALL_CREATE_CREDENTIAL, HTTP_POST, t->api_url,
		  LISTS "/%s/Credentials.json", t->account_sid, list_sid) ||
	    form_add(&rq->body, "Username", username))
		return -1;
	return form_add(&rq->body, "Password", password);
}

int twilio_list_credentials(const struct twilio *t, struct http_request *rq,
			    const char *list_sid)
{
	return begin(t, rq, CALL_LIST_CREDENTIALS, HTTP_GET, t->api_url,
		     LISTS "/%s/Credentials.json?PageSize=%d", t->account_sid,
		     list_sid, PAGE_SIZE_MAX);
}

int twilio_delete_credential(const struct twilio *t, struct http_request *rq,
			     const char *list_sid, const char *credential_sid)
{
	return begin(t, rq, CALL_DELETE_CREDENTIAL, HTTP_DELETE, t->api_url,
		     LISTS "/%s/Credentials/%s.json", t->account_sid, list_sid,
		     credential_sid);
}

/* --- trunks -------------------------------------------------------------- */

int twilio_create_trunk(const struct twilio *t, struct http_request *rq,
			const struct twilio_trunk *trunk)
{
	const char *url = trunk->disaster_recovery_url;

	if (begin(t, rq, CALL_CREATE_TRUNK, HTTP_POST, t->trunking_url,
		  "/v1/Trunks") ||
	    form_add(&rq->body, "FriendlyName", trunk->friendly_name) ||
	    form_add(&rq->body, "DomainName", trunk->domain_name) ||
	    form_add(&rq->body, "TransferMode", "enable-all") ||
	    form_add(&rq->body, "Secure", trunk->secure ? "true" : "false") ||
	    form_add(&rq->body, "DisasterRecoveryUrl", url))
		return -1;
	return form_add(&rq->body, "DisasterRecoveryMethod",
			url ? "POST" : NULL);
}

int twilio_list_trunks(const struct twilio *t, struct http_request *rq)
{
	return begin(t, rq, CALL_LIST_TRUNKS, HTTP_GET, t->trunking_url,
		     "/v1/Trunks?PageSize=%d", PAGE_SIZE_MAX);
}

int twilio_fetch_trunk(const struct twilio *t, struct http_request *rq,
		       const char *trunk_sid)
{
	return begin(t, rq, CALL_FETCH_TRUNK, HTTP_GET, t->trunking_url,
		     "/v1/Trunks/%s", trunk_sid);
}

int twilio_delete_trunk(const struct twilio *t, struct http_request *rq,
			const char *trunk_sid)
{
	return begin(t, rq, CALL_DELETE_TRUNK, HTTP_DELETE, t->trunking_url,
		     "/v1/Trunks/%s", trunk_sid);
}

int twilio_create_origination_url(const struct twilio *t,
				  struct http_request *rq,
				  const char *trunk_sid, const char *name,
				  const char *sip_url, int priority, int weight)
{
	if (begin(t, rq, CALL_CREATE_ORIGINATION_URL, HTTP_POST,
		  t->trunking_url, "/v1/Trunks/%s/OriginationUrls",
		  trunk_sid) ||
	    form_add(&rq->body, "FriendlyName", name) ||
	    form_add(&rq->body, "SipUrl", sip_url) ||
	    form_add_int(&rq->body, "Priority", priority) ||
	    form_add_int(&rq->body, "Weight", weight))
		return -1;
	return form_add(&rq->body, "Enabled", "true");
}

int twilio_list_below(const struct twilio *t, struct http_request *rq,
		      enum provider_call call, const char *trunk_sid,
		      const char *collection)
{
	return begin(t, rq, call, HTTP_GET, t->trunking_url,
		     "/v1/Trunks/%s/%s?PageSize=%d", trunk_sid, collection,
		     PAGE_SIZE_MAX);
}

int twilio_delete_below(const struct twilio *t, struct http_request *rq,
			enum provider_call call, const char *trunk_sid,
			const char *collection, const char *sid)
{
	return begin(t, rq, call, HTTP_DELETE, t->trunking_url,
		     "/v1/Trunks/%s/%s/%s", trunk_sid, collection, sid);
}

int twilio_add_credential_list(const struct twilio *t, struct http_request *rq,
			       const char *trunk_sid, const char *list_sid)
{
	if (begin(t, rq, CALL_CREATE_TRUNK_CREDENTIAL_LIST, HTTP_POST,
		  t->trunking_url, "/v1/Trunks/%s/CredentialLists", trunk_sid))
		return -1;
	return form_add(&rq->body, "CredentialListSid", list_sid);
}

int twilio_add_number(const struct twilio *t, struct http_request *rq,
		      const char *trunk_sid, const char *number_sid)
{
	if (begin(t, rq, CALL_CREATE_TRUNK_PHONE_NUMBER, HTTP_POST,
		  t->trunking_url, "/v1/Trunks/%s/PhoneNumbers", trunk_sid))
		return -1;
	return form_add(&rq->body, "PhoneNumberSid", number_sid);
}

/* --- connection policies ------------------------------------------------- */

#define POLICIES "/v1/ConnectionPolicies"

int twilio_create_policy(const struct twilio *t, struct http_request *rq,
			 const char *name)
{
	if (begin(t, rq, CALL_CREATE_CONNECTION_POLICY, HTTP_POST, t->voice_url,
		  POLICIES))
		return -1;
	return form_add(&rq->body, "FriendlyName", name);
}

int twilio_list_policies(const struct twilio *t, struct http_request *rq)
{
	return begin(t, rq, CALL_LIST_CONNECTION_POLICIES, HTTP_GET,
		     t->voice_url, POLICIES "?PageSize=%d", PAGE_SIZE_MAX);
}

int twilio_delete_policy(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid)
{
	return begin(t, rq, CALL_DELETE_CONNECTION_POLICY, HTTP_DELETE,
		     t->voice_url, POLICIES "/%s", policy_sid);
}

int twilio_create_target(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid, const char *name,
			 const char *target, int priority, int weight)
{
	if (begin(t, rq, CALL_CREATE_CONNECTION_POLICY_TARGET, HTTP_POST,
		  t->voice_url, POLICIES "/%s/Targets", policy_sid) ||
	    form_add(&rq->body, "FriendlyName", name) ||
	    form_add(&rq->body, "Target", target) ||
	    form_add_int(&rq->body, "Priority", priority) ||
	    form_add_int(&rq->body, "Weight", weight))
		return -1;
	return form_add(&rq->body, "Enabled", "true");
}

int twilio_list_targets(const struct twilio *t, struct http_request *rq,
			const char *policy_sid)
{
	return begin(t, rq, CALL_LIST_CONNECTION_POLICY_TARGETS, HTTP_GET,
		     t->voice_url, POLICIES "/%s/Targets?PageSize=%d",
		     policy_sid, PAGE_SIZE_MAX);
}

int twilio_delete_target(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid, const char *target_sid)
{
	return begin(t, rq, CALL_DELETE_CONNECTION_POLICY_TARGET, HTTP_DELETE,
		     t->voice_url, POLICIES "/%s/Targets/%s", policy_sid,
		     target_sid);
}

int twilio_turn_page(struct http_request *rq, const char *url)
{
	buf_clear(&rq->url);
	return buf_str(&rq->url, url);
}

/* --- answers ------------------------------------------------------------- */

bool twilio_sid_valid(const char *sid, const char *prefix)
{
	return sid && strlen(sid) == TWILIO_SID_SIZE - 1 &&
	       strncmp(sid, prefix, 2) == 0 &&
	       strspn(sid + 2, "0123456789abcdefABCDEF") == 32;
}

const char *twilio_sid(const json_t *object, const char *member,
		       const char *prefix)
{
	const char *sid = json_string_value(json_object_get(object, member));

	return twilio_sid_valid(sid, prefix) ? sid : NULL;
}

/* Does url begin with this origin and go on with a path? */
static bool below(const char *url, const char *origin)
{
	size_t n = strlen(origin);

	return strncmp(url, origin, n) == 0 && url[n] == '/';
}

/* Only what may stand in a URL, and no way up: what is sent is exactly what was
 * checked. */
static bool plain(const char *url)
{
	if (strstr(url, "/.."))
		return false;
	for (; *url; url++)
		if (*url <= ' ' || *url > '~' || strchr("#\\", *url))
			return false;
	return true;
}

static int page_garbled(struct err *err, const char *what)
{
	return err_set(err, ERR_PROVIDER_GARBLED, "a list's next page %s",
		       what);
}

/* Into `next`, which is empty: 1, 0 or -1 as twilio_next_page(). */
static int read_link(const struct twilio *t, const json_t *body,
		     struct buf *next, struct err *err)
{
	const json_t *meta = json_object_get(body, "meta");
	const char *v1 =
		json_string_value(json_object_get(meta, "next_page_url"));
	const char *v2010 =
		json_string_value(json_object_get(body, "next_page_uri"));

	if (v2010 && v2010[0] == '/')
		buf_printf(next, "%s%s", t->api_url, v2010);
	else if (v1 && (below(v1, t->trunking_url) || below(v1, t->voice_url)))
		buf_str(next, v1);
	else if (v1 || v2010)
		return page_garbled(err, "is at another origin");
	else
		return 0;
	if (next->failed)
		return page_garbled(err, "has too long an address");
	if (!plain(next->data))
		return page_garbled(err, "has no proper address");
	return 1;
}

int twilio_next_page(const struct twilio *t, const json_t *body,
		     struct buf *url, struct err *err)
{
	struct buf next = BUF_INIT(HTTP_URL_MAX);
	int rc = read_link(t, body, &next, err);

	if (rc > 0 && strcmp(next.data, url->data) == 0)
		rc = page_garbled(err, "is the same one again");
	buf_clear(url);
	if (rc > 0 && buf_add(url, next.data, next.len))
		rc = page_garbled(err, "has too long an address");
	buf_release(&next);
	return rc;
}
