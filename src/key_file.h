/* SPDX-License-Identifier: MIT */
/* key_file.h - where the master key lies if no setting gives it: in files
 * beside the database. */
#ifndef SRC_KEY_FILE_H
#define SRC_KEY_FILE_H

#include "base/err.h"
#include "base/seal.h"

/* "PATH.key" and an ending: "" for the key in force, ".new" for the one to
 * come. url is one that store_open takes. Yours to free(); NULL with err. */
char *key_file_path(const char *url, const char *ending, struct err *err);

/* The file `next` becomes `path`; what was there is kept, since backups need
 * it, under a name that ends in the id of its key. At no time is there no file
 * at path. */
int key_file_replace(const char *path, const char *next,
		     const char former[SEAL_NAME_SIZE], struct err *err);

#endif
