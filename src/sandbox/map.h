/* SPDX-License-Identifier: MIT */
/*
 * map.h - text to pointer, hashed. Keys are copied, values are borrowed.
 */
#ifndef SANDBOX_MAP_H
#define SANDBOX_MAP_H

#include <stddef.h>

struct map_entry;

struct map {
	struct map_entry **slots;
	size_t n_slots;
	size_t count;
};

void map_release(struct map *m);
/* Replaces what stood there. */
void map_put(struct map *m, const char *key, void *value);
void *map_get(const struct map *m, const char *key);
/* Removes the key only if it still leads to value. */
void map_remove(struct map *m, const char *key, const void *value);

#endif
