/* Hash map from 64-bit keys to 64-bit values; used by the model's tables, on the reader's calling thread. */
#include "analyzer/id_map.h"
#include <glib.h>

enum slot_state { SLOT_FREE = 0, SLOT_TAKEN, SLOT_GRAVE };

struct id_map_entry {
    uint64_t key, value;
    uint8_t state;
};

enum { FIRST_CAPACITY = 16 };

void id_map_clear(struct id_map *map)
{
    g_free(map->entries);
    *map = (struct id_map){0};
}

uint64_t *id_map_find(const struct id_map *map, uint64_t key)
{
    if (map->capacity == 0)
        return NULL;

    for (size_t i = id_map_hash(key);; i++) {
        struct id_map_entry *entry = &map->entries[i & (map->capacity - 1)];
        if (entry->state == SLOT_FREE)
            return NULL;
        if (entry->state == SLOT_TAKEN && entry->key == key)
            return &entry->value;
    }
}

/* For a key that is not in the map, which has room. */
static uint64_t *insert(struct id_map *map, uint64_t key)
{
    for (size_t i = id_map_hash(key);; i++) {
        struct id_map_entry *entry = &map->entries[i & (map->capacity - 1)];
        if (entry->state == SLOT_TAKEN)
            continue;
        map->used += entry->state == SLOT_FREE;
        map->count++;
        *entry = (struct id_map_entry){.key = key, .state = SLOT_TAKEN};
        return &entry->value;
    }
}

static void resize(struct id_map *map)
{
    struct id_map old = *map;

    *map = (struct id_map){.capacity = FIRST_CAPACITY};
    while (map->capacity < 4 * (old.count + 1))
        map->capacity *= 2;
    map->entries = g_new0(struct id_map_entry, map->capacity);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].state == SLOT_TAKEN)
            *insert(map, old.entries[i].key) = old.entries[i].value;
    }
    g_free(old.entries);
}

uint64_t *id_map_add(struct id_map *map, uint64_t key, bool *is_new)
{
    uint64_t *value = id_map_find(map, key);

    *is_new = value == NULL;
    if (value)
        return value;
    if (4 * (map->used + 1) > 3 * map->capacity)
        resize(map);
    return insert(map, key);
}

bool id_map_remove(struct id_map *map, uint64_t key)
{
    uint64_t *value = id_map_find(map, key);
    if (!value)
        return false;

    struct id_map_entry *entry =
        (struct id_map_entry *)((char *)value - offsetof(struct id_map_entry, value));
    struct id_map_entry *next = &map->entries[(size_t)(entry - map->entries + 1) & (map->capacity - 1)];
    /* A grave is needed only where a longer chain goes on. */
    if (next->state == SLOT_FREE) {
        entry->state = SLOT_FREE;
        map->used--;
    } else {
        entry->state = SLOT_GRAVE;
    }
    map->count--;
    return true;
}

void id_map_visit(const struct id_map *map, void (*visitor)(uint64_t key, uint64_t value, void *user),
                  void *user)
{
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].state == SLOT_TAKEN)
            visitor(map->entries[i].key, map->entries[i].value, user);
    }
}
