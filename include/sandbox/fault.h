/* SPDX-License-Identifier: MIT */
/*
 * fault.h - rules that make chosen calls go wrong.
 *
 * A document is {"rules": [rule, ...]}. A rule is one flat object:
 *
 * Which calls (all that are given must hold; nothing given: every call)
 *   operation    "create_trunk", or a list of names, or "*"
 *   method       "POST"
 *   path         a part of the request target
 *   account      account SID, or "workspace_sandbox" for Retell
 *   nth          the first matching call it hits, counted from 1 since the
 *                rule was set (1)
 *   times        how many matching calls it hits from there on (1); 0 or -1:
 *                for ever
 *   probability  0..1, drawn for each call in reach from the sandbox's seed (1)
 *
 * What happens
 *   status, code, message     answer this instead of doing the work; a 2xx is
 *                             a lie then
 *   body, content_type        literal body (text, or any JSON value)
 *   retry_after, headers      added to whatever answer is given
 *   redirect                  Location of the answer; status 307 unless given
 *   effect                    true: the work is done all the same; false: it
 *                             is not, whatever else the rule says
 *   delay_before_ms           from arrival to the work
 *   delay_after_ms            from the work to the answer
 *   drop                      "before" or "after" the work: close, no answer
 *   reset                     true: as drop (by itself "after"), but with RST
 *   land_late_ms              answer nothing (or the given status) now, do the
 *                             work so much later
 *   lag_ms                    what this call makes is not seen by reads for so
 *                             long
 *   truncate                  so many bytes of the body, then close
 *   drip_ms                   pause before each byte of the body
 *   raw                       these bytes instead of an HTTP answer, then close
 *   garble                    spoils the answer, see below
 *   note                      for you; shown in the log
 *
 * garble: "html", "empty", "json_junk" (something after the JSON), "cut_json"
 * (half of it), "bom", "nul", "wrong_type" (text/html), "wrong_sid"
 * (TK../../x), "number_sid" (42), "long_sid" (10 kB), "other_sid" (well
 * formed, another's), "missing_sid", "dup_keys", "deep" (5000 levels), "huge"
 * (10 MB string), "endless", "not_http", "next_elsewhere" (the link to the
 * next page leads to another host), "next_again" (it leads to the same page,
 * for ever), "echo_secrets" (the answer is an error
 * whose text repeats the Authorization header and the body, with CR, LF and
 * HTML). For Retell numbers "sid" means phone_number.
 *
 * Rules are tried in order; the first that hits decides alone. Every rule
 * counts all the calls it matches.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include "sandbox/sandbox.h"

/* Replaces all rules. On -1 nothing changed and `why` says which rule and
 * key is wrong. doc is borrowed. */
int sandbox_set_faults(struct sandbox *sb, const json_t *doc, char *why,
		       size_t why_size);
/* The same from text. */
int sandbox_set_faults_text(struct sandbox *sb, const char *text, char *why,
			    size_t why_size);
void sandbox_clear_faults(struct sandbox *sb);
/* The rules as set, each with "matched" and "hits". A new reference. */
json_t *sandbox_faults(const struct sandbox *sb);

#endif
