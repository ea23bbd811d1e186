/* SPDX-License-Identifier: MIT */
/* map.c - the chained hash table of map.h. */
#include "map.h"

#include "must.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct map_entry {
	struct map_entry *next;
	uint64_t hash;
	void *value;
	char key[];
};

/* FNV-1a. Nobody attacks a sandbox, so it needs no secret seed. */
static uint64_t hash_of(const char *key)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211ULL;
	return h ^ (h >> 32);
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->n_slots; i++) {
		struct map_entry *e = m->slots[i];

		while (e) {
			struct map_entry *next = e->next;

			free(e);
			e = next;
		}
	}
	free(m->slots);
	*m = (struct map){0};
}

static void grow(struct map *m)
{
	size_t n = m->n_slots ? m->n_slots * 2 : 64;
	struct map_entry **slots = must(calloc(n, sizeof(struct map_entry *)));

	for (size_t i = 0; i < m->n_slots; i++) {
		struct map_entry *e = m->slots[i];

		while (e) {
			struct map_entry *next = e->next;

			e->next = slots[e->hash & (n - 1)];
			slots[e->hash & (n - 1)] = e;
			e = next;
		}
	}
	free(m->slots);
	m->slots = slots;
	m->n_slots = n;
}

static struct map_entry **find(const struct map *m, const char *key, uint64_t h)
{
	struct map_entry **at = &m->slots[h & (m->n_slots - 1)];

	while (*at && ((*at)->hash != h || strcmp((*at)->key, key) != 0))
		at = &(*at)->next;
	return at;
}

void map_put(struct map *m, const char *key, void *value)
{
	uint64_t h = hash_of(key);
	struct map_entry **at, *e;
	size_t len = strlen(key) + 1;

	if (m->count >= m->n_slots)
		grow(m);
	at = find(m, key, h);
	if (*at) {
		(*at)->value = value;
		return;
	}
	e = must(malloc(sizeof(*e) + len));
	e->next = NULL;
	e->hash = h;
	e->value = value;
	memcpy(e->key, key, len);
	*at = e;
	m->count++;
}

void *map_get(const struct map *m, const char *key)
{
	struct map_entry **at;

	if (!m->n_slots)
		return NULL;
	at = find(m, key, hash_of(key));
	return *at ? (*at)->value : NULL;
}

void map_remove(struct map *m, const char *key, const void *value)
{
	struct map_entry **at, *e;

	if (!m->n_slots)
		return;
	at = find(m, key, hash_of(key));
	e = *at;
	if (!e || e->value != value)
		return;
	*at = e->next;
	free(e);
	m->count--;
}
