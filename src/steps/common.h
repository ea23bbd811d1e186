/* SPDX-License-Identifier: MIT */
/* common.h - what most steps do alike: accounts, marks, reading a created
 * resource, looking through a list, reading a removal. */
#ifndef STEPS_COMMON_H
#define STEPS_COMMON_H

#include "provider/retell.h"
#include "provider/twilio.h"
#include "steps/step.h"

/* The Twilio account of this number: the request's own or the server's. */
struct twilio cx_twilio(const struct step_cx *cx);
struct retell cx_retell(const struct step_cx *cx);

/* This number's mark; returns it: the `ours` of a listing by friendly_name. */
const char *cx_mark(const struct step_cx *cx, char out[MARK_SIZE]);

/* Remembers a text for later, in the row's data. */
int row_remember(struct step_row *row, const char *name, const char *value,
		 struct err *err);
const char *row_recall(const struct step_row *row, const char *name);
void row_set_id(struct step_row *row, const char *id);

/* make.read of a Twilio resource whose sid has this prefix; … that has a
 * listing, which tells the prefix. */
enum outcome read_sid(struct step_cx *cx, const struct answer *a,
		      const char *prefix, struct err *err);
enum outcome read_created(struct step_cx *cx, const struct answer *a,
			  struct err *err);
/* undo.read: gone, or was never there. */
enum outcome read_removed(struct step_cx *cx, const struct answer *a,
			  struct err *err);
/* find of such a one: looks through the list page by page; the sid of what is
 * ours becomes the row's id. */
int ask_list(struct step_cx *cx, struct http_request *rq, struct err *err);
enum outcome read_list(struct step_cx *cx, const struct answer *a,
		       struct err *err);
/* A refused answer as err, naming the step. */
enum outcome refuse_answer(struct step_cx *cx, const struct answer *a,
			   struct err *err);
enum outcome garbled(struct step_cx *cx, struct err *err);

/* What a builder returned; a request that does not fit is our own fault. */
int built(int rc, struct err *err);
/* The page that is due instead of the first; rc: what asking for that gave. */
int turn_page(const struct step_cx *cx, struct http_request *rq, int rc,
	      struct err *err);
/* The page that is due then: 1, 0 if there is none, -1 with err. */
int next_page(struct step_cx *cx, const struct answer *a, struct err *err);
/* make.request of a step that has no other name to try: what is there already
 * is not ours. Fills err when the last make met a clash. */
int refuse_clash(const struct step_cx *cx, struct err *err);

int spec_one(const struct spec *spec);	      /* wanted: always one */
int spec_twilio(const struct spec *spec);     /* provider is twilio */
int spec_twilio_in(const struct spec *spec);  /* … and takes calls */
int spec_twilio_out(const struct spec *spec); /* … and makes calls */

extern const struct step step_number_lookup, step_agent_check,
	step_retell_absent, step_trunk, step_credential_list,
	step_connection_policy, step_credential, step_trunk_credential_list,
	step_origination_url, step_connection_policy_target, step_retell_number,
	step_retell_settings, step_number_attachment;

#endif
