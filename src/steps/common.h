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

/* "trunkline:INSTANCE:NUMBER", at most 64 bytes: what a sweep and an operator
 * recognise our resources by. Twilio's FriendlyName takes 64. */
#define MARK_SIZE 65
void cx_mark(const struct step_cx *cx, char out[MARK_SIZE]);

/* Remembers a text for later, in the row's data. */
int row_remember(struct step_row *row, const char *name, const char *value,
		 struct err *err);
const char *row_recall(const struct step_row *row, const char *name);
void row_set_id(struct step_row *row, const char *id);

/* make.read of a Twilio resource whose sid has this prefix. */
enum outcome read_created(struct step_cx *cx, const struct answer *a,
			  const char *prefix, struct err *err);
/* undo.read: gone, or was never there. */
enum outcome read_removed(struct step_cx *cx, const struct answer *a,
			  struct err *err);
/* find.read on a list: the element of `array` whose `member` is `value`; its
 * sid becomes the row's id. */
enum outcome read_list(struct step_cx *cx, const struct answer *a,
		       const char *array, const char *member, const char *value,
		       const char *prefix, struct err *err);
/* A refused answer as err, naming the step. */
enum outcome refuse_answer(struct step_cx *cx, const struct answer *a,
			   struct err *err);
enum outcome garbled(struct step_cx *cx, struct err *err);

/* What a builder returned; a request that does not fit is our own fault. */
int built(int rc, struct err *err);
/* find.request: the next page if one is due, else first() */
int request_page(struct step_cx *cx, struct http_request *rq, const char *call,
		 struct err *err);
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
