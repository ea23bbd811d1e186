/* SPDX-License-Identifier: MIT */
/* retell_body.h - the bodies that import and update take, from a spec. */
#ifndef STEPS_RETELL_BODY_H
#define STEPS_RETELL_BODY_H

#include "steps/step.h"

/* Where Retell sends its calls: the trunk's domain, or with sip_trunk the
 * caller's. Borrowed; "" if not known yet. */
const char *retell_termination_uri(const struct step_cx *cx);

/* An answer about another number, or none, says nothing about this one. */
bool retell_is_about(const struct step_cx *cx, const json_t *number);
/* Does a number, as Retell answers it, lead to our termination URI? */
bool retell_is_ours(const struct step_cx *cx, const json_t *number);

/* New references, NULL when memory is out. */
json_t *retell_import_body(const struct step_cx *cx);
/* Everything of a spec that can be changed in place. */
json_t *retell_update_body(const struct spec *spec);

#endif
