/*
 * A small hash map from 64-bit keys to 64-bit values, made for the per-event look-ups of the model: open
 * addressing, no allocation per entry. Key 0 is a key like any other.
 */
#ifndef ANALYZER_ID_MAP_H
#define ANALYZER_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_map {
    struct id_map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    size_t used; /* count and the graves of removed entries */
};

/* A map of zero bytes is an empty map. */
void id_map_clear(struct id_map *map);
/* NULL when there is no such key. The pointer is valid until the map is changed. */
uint64_t *id_map_find(const struct id_map *map, uint64_t key);
/* The value of the key, which is added with value 0 when it is not there; *is_new says so. */
uint64_t *id_map_add(struct id_map *map, uint64_t key, bool *is_new);
bool id_map_remove(struct id_map *map, uint64_t key);
/* Calls visitor for every entry, in no order; the map must not change meanwhile. */
void id_map_visit(const struct id_map *map, void (*visitor)(uint64_t key, uint64_t value, void *user),
                  void *user);

static inline uint64_t id_map_hash(uint64_t key)
{
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdULL;
    key ^= key >> 33;
    key *= 0xc4ceb9fe1a85ec53ULL;
    return key ^ key >> 33;
}

#endif
