/* SPDX-License-Identifier: MIT */
/* reader.h - a read-only store for each thread that answers reads. */
#ifndef SRC_API_READER_H
#define SRC_API_READER_H

#include "store/store.h"

/* This thread's, opened when first asked for and closed when the thread ends.
 * NULL with err. */
struct store *reader_get(const char *url, struct err *err);
/* Closes this thread's after a failure; the next reader_get opens another. */
void reader_drop(void);

#endif
