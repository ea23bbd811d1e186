/* SPDX-License-Identifier: MIT */
/*
 * call.h - one request on its way through the model, and what its handler
 * may use.
 *
 * A handler reads its parameters, refuses or changes the world, and answers:
 * exactly one of refuse*() or answer*() is called. Nothing is changed before
 * the last refusal.
 */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "form.h"
#include "kinds.h"
#include "model.h"

struct operation;

enum { ARGS_MAX = 3 };

struct sandbox_call {
	struct sandbox *sb;
	struct sandbox_call *next, *prev; /* among the open ones */
	const struct operation *op;	  /* NULL: no such path */
	bool wrong_method;		  /* the path is there, this is not */
	enum provider provider;
	char *method, *target, *authorization, *content_type, *base_url;
	char *body;
	size_t body_len;
	unsigned generation;
	/* whom the credentials name, right or not; NULL: nobody we know */
	struct account *claimed;
	struct account *counted; /* whose in_flight counts us */
	struct rule *rule;	 /* the fault that hit, or NULL */
	bool throttled;
	uint64_t log_seq; /* 0: not in the log */
	struct sandbox_plan plan;
	struct sandbox_answer answer;

	bool refused; /* the handler ran and changed nothing */

	/* while its handler runs */
	int64_t now_ms;
	int64_t lag_ms;
	struct account *account; /* let in */
	char *args[ARGS_MAX];	 /* from the path, decoded */
	size_t n_args;
	struct form form; /* query of a GET, body of a Twilio POST */
	json_t *json;	  /* body of a Retell call */
};

/* answer.c */
void answer_json_own(struct sandbox_call *c, int status, json_t *body);
void answer_empty(struct sandbox_call *c, int status);
void answer_header(struct sandbox_answer *a, const char *name,
		   const char *value);
void answer_body(struct sandbox_answer *a, const char *type, const char *body,
		 size_t len);
/* A Twilio error; text NULL takes the code's own. */
void refuse(struct sandbox_call *c, int status, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void refuse_code(struct sandbox_call *c, int status, int code);
void refuse_not_found(struct sandbox_call *c);
/* {"status": "error", "message": ...} */
void refuse_retell(struct sandbox_call *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *twilio_message(int code);
json_t *twilio_error(int status, int code, const char *message);

/* render.c */
json_t *render(const struct sandbox_call *c, const struct resource *r);
/* Path of a resource, or of their list if id is "". free() it. */
char *resource_path(enum sandbox_kind kind, const char *account,
		    const char *parent, const char *id, const char *below);
/* Where an absolute link to this kind begins; "" for the 2010 API. */
const char *link_base(const struct sandbox_call *c, enum sandbox_kind kind);

/* check.c - both walk the kind's fields. check_fields() refuses and says -1;
 * store_fields() must follow a good check. */
int check_fields(struct sandbox_call *c, enum sandbox_kind kind, bool creating);
void store_fields(struct sandbox_call *c, struct resource *r, bool creating);
bool is_e164(const char *s);
bool is_sid(const char *s, const char *prefix);
/* One of "a|b|c"? */
bool is_choice(const char *s, const char *choices);
/* http: or https:, with a host */
bool is_web_url(const char *s);

/* page.c - answers a page of the living, visible resources of a kind.
 * wanted may be NULL. */
typedef bool resource_filter(const struct sandbox_call *c,
			     const struct resource *r);
void answer_page(struct sandbox_call *c, enum sandbox_kind kind,
		 const struct resource *parent, resource_filter *wanted);
/* The same when only one resource (or none, NULL) can be in it. */
void answer_page_of_one(struct sandbox_call *c, enum sandbox_kind kind,
			struct resource *only, resource_filter *wanted);
/* "PageSize" or its default, or -1 after refusing. */
long page_size(struct sandbox_call *c);
/* What is given of so many rows that are asked for. */
long page_cap(const struct sandbox_call *c, long size);

/* resource.c - what most handlers do. All refuse and give NULL or -1. */
/* The n-th path argument as a resource of the account let in. Reads miss
 * what is too young (lag), writes do not. */
struct resource *arg_resource(struct sandbox_call *c, size_t n,
			      enum sandbox_kind kind,
			      const struct resource *parent);
bool is_reading(const struct sandbox_call *c);
bool is_visible(const struct sandbox_call *c, const struct resource *r);
/* Checks fields, limits and the name's uniqueness, then makes it. */
struct resource *make_resource(struct sandbox_call *c, enum sandbox_kind kind,
			       struct resource *parent);
int check_limit(struct sandbox_call *c, enum sandbox_kind kind,
		const struct resource *parent);
/* As make_resource() for a change. */
int change_resource(struct sandbox_call *c, struct resource *r);
/* Answers for a handler that is done with r; nothing if r is NULL, for then
 * it was refused. */
void answer_one(struct sandbox_call *c, int status, const struct resource *r);
void update_one(struct sandbox_call *c, struct resource *r);
void delete_one(struct sandbox_call *c, struct resource *r);
/* A new resource is seen by reads only after the lag. */
void start_lag(const struct sandbox_call *c, struct resource *r);
/* Before a change: what reads show until the lag is over. */
void start_change_lag(const struct sandbox_call *c, struct resource *r);

#endif
