/* SPDX-License-Identifier: MIT */
/*
 * packed.h - JSON text kept small in the database.
 *
 * What is kept of one number says nearly the same as of the next: names of
 * members, kinds of resources, defaults. As an LZ4 block
 * (github.com/lz4/lz4, doc/lz4_Block_format.md) made with a dictionary of
 * those words, it takes a quarter of the room; so a page of the file holds
 * three times the rows, and a list reads a third of the pages. To unpack a
 * number takes a tenth or two of a microsecond.
 *
 *     1 byte version, which names the dictionary | 4 bytes length of the text,
 *     little-endian | LZ4 block
 *
 * A value that begins with '{' is JSON as it is: rows written before there was
 * packing stay so until they change.
 */
#ifndef STORE_PACKED_H
#define STORE_PACKED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define PACKED_HEAD_SIZE 5 /* bytes before the block */

/* What packing needs to remember while it works; one for each thread. */
struct packer;

/* NULL with STORE_FULL if there is no memory; free it with packer_free. */
struct packer *packer_new(struct err *err);
void packer_free(struct packer *p); /* or NULL */
/* Puts the packed form in place of what `to` holds. Nothing but memory can be
 * missing: STORE_FULL. */
int pack(struct packer *p, struct buf *to, struct text text, struct err *err);

/* Unpacks into `room`, which is for nothing else, since it keeps the dictionary
 * too, and whose ceiling is for both. *text borrows from it until the next
 * call, and a NUL follows it. STORE if it is nothing that pack makes,
 * STORE_FULL if there is no memory. */
int unpack(struct buf *room, struct text packed, struct text *text,
	   struct err *err);

/* What version 1 was made with. */
extern const char packed_words[];
extern const size_t packed_words_size;

#endif
