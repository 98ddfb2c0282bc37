/*
 * Who released what: the latest wakes of every object, for the waits that end after them.
 *
 * Bounded: objects that nobody woke or waited for since WAKE_TABLE_OBJECTS other ones are forgotten.
 */
#ifndef ANALYZER_WAKE_TABLE_H
#define ANALYZER_WAKE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define WAKE_TABLE_OBJECTS (1u << 15)
#define WAKE_TABLE_WAITERS 8

struct wake {
    int64_t time_ns; /* 0: none */
    uint32_t thread, stack;
};

struct wake_table;

struct wake_table *wake_table_new(void);
void wake_table_free(struct wake_table *table);
/* Returns whether the object is used like a lock; see wake_table_wait(). */
bool wake_table_add(struct wake_table *table, uint32_t process, uint64_t object, const struct wake *wake);
/*
 * A wait of thread from start_ns to end_ns has ended: the latest wake within it by another thread (time 0:
 * none). *is_lock_like: threads that wait for this object also wake it, as they do with a lock, and not with
 * the condition of a work queue.
 */
struct wake wake_table_wait(struct wake_table *table, uint32_t process, uint64_t object, uint32_t thread,
                            int64_t start_ns, int64_t end_ns, bool *is_lock_like);
/* As wake_table_wait() says it, without a wait. */
bool wake_table_is_lock_like(struct wake_table *table, uint32_t process, uint64_t object);

#endif
