/* SPDX-License-Identifier: MIT */
/*
 * kinds.h - what each kind of resource is made of.
 *
 * One row tells a field's name in answers, the parameter that sets it, what
 * values it takes and what it is when unset. Checking parameters, storing
 * them and writing answers all walk these rows.
 */
#ifndef SANDBOX_KINDS_H
#define SANDBOX_KINDS_H

#include "model.h"

enum field_type {
	/* set by a parameter */
	F_TEXT,	    /* min..max characters, any if max is 0 */
	F_INT,	    /* min..max */
	F_BOOL,	    /* "true" or "false" */
	F_CHOICE,   /* one of "a|b|c" */
	F_URL,	    /* http: or https: */
	F_SIP,	    /* sip:host..., at most 255 characters */
	F_DOMAIN,   /* a termination domain: ends in .pstn.twilio.com */
	F_IPV4,	    /* dotted quad */
	F_PASSWORD, /* never answered, kept as a digest */
	F_SID_OF,   /* a SID whose prefix is `choices` */
	/* made by the model */
	F_ID,
	F_ACCOUNT,
	F_PARENT,
	F_CREATED,
	F_UPDATED,
	F_SELF,
	F_LINKS,
	F_NUMBERS_TRUNK, /* the trunk a phone number is on */
	F_RECORDING,
	F_AUTH_TYPE,
	F_AUTH_TYPE_SET,
	F_CAPABILITIES,
};

enum { REQUIRED = 1, ONCE = 2 /* cannot be changed later */ };

struct field {
	const char *name;  /* NULL: not in answers */
	const char *param; /* NULL: no parameter sets it */
	enum field_type type;
	unsigned flags;
	long min, max;
	const char *choices; /* of F_CHOICE, prefix of F_SID_OF */
	/* The answer when unset: text, or with '#' in front a JSON literal;
	 * NULL is null. */
	const char *unset;
};

struct kind_link {
	const char *name;
	const char *path; /* below the resource's own */
};

struct kind {
	const char *name;   /* in the ledger */
	const char *prefix; /* of SIDs */
	const char *array;  /* name of the array in lists */
	/* Where it lives: %A account, %P parent, %I id. */
	const char *path;
	const char *host; /* of absolute links; NULL: answers have paths */
	const struct field *fields;
	const struct kind_link *links;
	const char *unique; /* name space of its FriendlyName */
	int clash;	    /* code when the name is taken */
	long limit;	    /* how many in the account or parent; 0: none;
			     * -1: config.max_trunks */
	int full;	    /* code then */
};

extern const struct kind kinds[SANDBOX_KINDS];

#endif
