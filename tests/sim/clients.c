/* SPDX-License-Identifier: MIT */
/* clients.c - sending what the workload wants, and keeping every answer. A dead
 * process answers nobody. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* A command that the engine has. */
struct pending {
	struct pending *next;
	struct world *world;
	struct request *request;
	struct command command;
};

static const char *const verbs[] = {"create", "update", "delete",
				    "force",  "sweep",	"cancel"};

static void drop(struct pending *p)
{
	struct pending **at = &p->world->pending;

	while (*at && *at != p)
		at = &(*at)->next;
	if (!*at)
		broken(p->world, "I7", "a command was answered twice");
	else
		*at = p->next;
	command_release(&p->command);
	free(p);
}

static void keep(struct world *w, struct request *r, const struct reply *reply)
{
	struct answer_seen *a = &r->answer;

	r->answered = true;
	*a = (struct answer_seen){
		.status = reply->status,
		.body = strndup(reply->body.data, reply->body.len),
		.content_type = reply->content_type,
		.replayed = reply->replayed,
		.at = w->clock.now,
	};
	strcpy(a->location, reply->location);
	strcpy(a->etag, reply->etag);
	a->json = json_loads(a->body, JSON_REJECT_DUPLICATES, NULL);
	trace(w, "answer %d %s: %d %s%s%.300s", r->send, verbs[r->kind],
	      a->status, a->replayed ? "(replayed) " : "",
	      w->tracing && a->status >= 300 ? a->body : "", "");
}

static void answered(struct command *c)
{
	struct pending *p = c->arg;

	if (!p->world->crashed)
		keep(p->world, p->request, &c->reply);
	drop(p);
}

/* The number's id as the clients know it, from the newest answer. */
static const char *known_id(const struct world *w, const char *phone)
{
	const char *id = NULL;
	int64_t at = -1;

	for (int i = 0; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (r->answered && r->answer.status == 201 &&
		    r->answer.at > at && strcmp(r->phone, phone) == 0) {
			id = json_string_value(
				json_object_get(r->answer.json, "id"));
			at = r->answer.at;
		}
	}
	return id;
}

/* The operation of the newest create that was answered 202. */
static const char *known_create(const struct world *w, const char *phone)
{
	const char *id = NULL;
	int64_t at = -1;

	for (int i = 0; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (r->kind == COMMAND_CREATE && r->answered &&
		    r->answer.status == 202 && r->answer.at > at &&
		    strcmp(r->phone, phone) == 0) {
			id = json_string_value(
				json_object_get(r->answer.json, "id"));
			at = r->answer.at;
		}
	}
	return id ? id : "op_unknown";
}

static int fill(struct world *w, const struct request *r, struct command *c)
{
	const char *id = r->by_id		     ? known_id(w, r->phone)
			 : r->kind == COMMAND_CANCEL ? known_create(w, r->phone)
						     : NULL;
	struct faults faults;
	struct err err = ERR_INIT;

	c->kind = r->kind;
	snprintf(c->request_id, sizeof(c->request_id), "req_%d", r->send);
	strcpy(c->principal, "root");
	snprintf(c->ref, sizeof(c->ref), "%s", id ? id : r->phone);
	strcpy(c->key, r->key);
	memcpy(c->fingerprint, r->fingerprint, SEAL_HASH_SIZE);
	c->async = r->async;
	c->wait_ms = r->wait_ms;
	if (r->match) {
		c->match = true;
		c->match_versions[0] = r->match;
		c->match_count = 1;
	}
	if (r->kind == COMMAND_UPDATE)
		c->patch = json_deep_copy(r->body);
	if (r->kind != COMMAND_CREATE ||
	    spec_parse(&c->spec, r->body, &faults, &err) == 0)
		return 0;
	broken(w, "sim", "a body is not valid: %s %s", faults.list[0].pointer,
	       faults.list[0].detail);
	return -1;
}

static void send_one(struct world *w, struct request *r)
{
	struct pending *p = calloc(1, sizeof(*p));
	struct err err = ERR_INIT;

	r->at = -1;
	r->send = ++w->sends;
	p->world = w;
	p->request = r;
	p->command = (struct command)COMMAND_INIT;
	p->command.arg = p;
	p->command.done = answered;
	p->next = w->pending;
	w->pending = p;
	trace(w, "send %d %s %s key=%s%s%s match=%d wait=%d", r->send,
	      verbs[r->kind], r->phone, r->key[0] ? r->key : "none",
	      r->async ? " async" : "", r->by_id ? " by id" : "", r->match,
	      (int)r->wait_ms);
	if (fill(w, r, &p->command)) {
		drop(p);
	} else if (engine_submit(w->engine, &p->command, &err)) {
		trace(w, "answer %d: not taken, %s", r->send,
		      err_def(err.code)->code);
		drop(p);
	}
}

void clients_send_due(struct world *w)
{
	for (int i = 0; i < w->request_count; i++)
		if (w->requests[i].at >= 0 && w->requests[i].at <= w->clock.now)
			send_one(w, &w->requests[i]);
}

void clients_forget(struct world *w)
{
	if (w->pending)
		broken(w, "I7", "engine_free left request %d unanswered",
		       w->pending->request->send);
	while (w->pending)
		drop(w->pending);
}
