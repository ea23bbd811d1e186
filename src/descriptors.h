/* SPDX-License-Identifier: MIT */
/*
 * descriptors.h - who may have how many of the descriptors of this process.
 *
 * Who cannot open one fails: a client is not heard, a call not made, a reader
 * finds no database. So nobody is given more than there are: what the service
 * itself holds open comes off first, and connections, the only thing that
 * others can make many of, share the rest.
 */
#ifndef SRC_DESCRIPTORS_H
#define SRC_DESCRIPTORS_H

#include "base/conf.h"
#include "base/err.h"

struct descriptors {
	int own;       /* what the service needs for itself */
	int providers; /* connections to all of their hosts together */
	int per_host;  /* and to one of them */
	int admin;     /* connections to the admin listener */
	int clients;   /* connections to the API */
};

/* Divides limit of them. -1: CONFIG, with how many are the least. */
int descriptors_share(const struct conf *c, long limit, struct descriptors *out,
		      struct err *err);

#endif
