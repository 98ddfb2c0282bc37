/* The table of waiters: see waiters.h. */
#include "tracepoints/waiters.h"

#include <stddef.h>
#include <string.h>

#include "tracepoints/contract.h"

/* Of a word that is being written: a few nanoseconds, unless its writer is off its CPU. */
#define RELEASE_READ_ATTEMPTS 100u

struct waiter_line waiter_lines[WAITER_LINE_COUNT];

_Static_assert(sizeof(struct waiter_line) == 64, "a line of the table is a cache line");
_Static_assert(WAITER_LINE_COUNT == 1u << (64 - 53), "waiters_line_of() takes the top bits of the hash");

/* Makes the line `object`'s own unless another object has waiters in it. */
static bool claim(struct waiter_line *line, uint64_t object)
{
    uint64_t owner = __atomic_load_n(&line->object, __ATOMIC_ACQUIRE);

    if (owner == object)
        return true;
    return __atomic_load_n(&line->count, __ATOMIC_ACQUIRE) == 0 &&
           __atomic_compare_exchange_n(&line->object, &owner, object, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* Takes a place of the line; the shared one when the others are taken. */
static uint32_t take_place(struct waiter_line *line, uint64_t now_ns)
{
    for (uint32_t place = 0; place < WAITER_PLACE_COUNT; place++) {
        uint64_t none = 0;

        if (__atomic_load_n(&line->since_ns[place], __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&line->since_ns[place], &none, now_ns, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return place;
    }
    __atomic_store_n(&line->shared_since_ns, now_ns, __ATOMIC_RELEASE);
    __atomic_add_fetch(&line->shared_count, 1, __ATOMIC_ACQ_REL);
    return WAITER_PLACE_COUNT;
}

void waiters_mark(struct waiter_mark *mark, uint64_t object, uint64_t now_ns, uint64_t frame)
{
    struct waiter_line *line = waiters_line_of(object);

    if (!claim(line, object))
        return;
    mark->place = take_place(line, now_ns);
    __atomic_add_fetch(&line->count, 1, __ATOMIC_SEQ_CST);
    mark->frame = frame;
    mark->line = line;
    /* Another object may have taken the line between claim() and now. */
    if (__atomic_load_n(&line->object, __ATOMIC_SEQ_CST) != object)
        waiters_unmark(mark);
}

void waiters_unmark(struct waiter_mark *mark)
{
    struct waiter_line *line = mark->line;

    if (line == NULL)
        return;
    mark->line = NULL;
    if (mark->place < WAITER_PLACE_COUNT)
        __atomic_store_n(&line->since_ns[mark->place], 0, __ATOMIC_RELEASE);
    else
        __atomic_sub_fetch(&line->shared_count, 1, __ATOMIC_ACQ_REL);
    __atomic_sub_fetch(&line->count, 1, __ATOMIC_SEQ_CST);
}

uint64_t waiters_oldest_ns(uint64_t object)
{
    const struct waiter_line *line = waiters_line_of(object);
    uint64_t oldest_ns = 0;

    for (uint32_t place = 0; place <= WAITER_PLACE_COUNT; place++) {
        uint64_t since_ns = place < WAITER_PLACE_COUNT
                                ? __atomic_load_n(&line->since_ns[place], __ATOMIC_ACQUIRE)
                            : __atomic_load_n(&line->shared_count, __ATOMIC_ACQUIRE) > 0
                                ? __atomic_load_n(&line->shared_since_ns, __ATOMIC_ACQUIRE)
                                : 0;

        if (since_ns != 0 && (oldest_ns == 0 || since_ns < oldest_ns))
            oldest_ns = since_ns;
    }
    return __atomic_load_n(&line->object, __ATOMIC_ACQUIRE) == object ? oldest_ns : 0;
}

/* What tells objects of one line apart. */
static uint32_t object_hash(uint64_t object)
{
    return (uint32_t)((object * UINT64_C(0x9e3779b97f4a7c15)) >> 33) & EXECTRACE_WHO_STACK_LIMIT;
}

bool waiters_tell_release(uint64_t object, const struct waiter_release *release)
{
    struct waiter_line *line = waiters_line_of(object);
    uint64_t latest_ns = __atomic_load_n(&line->release_ns, __ATOMIC_RELAXED);

    if ((latest_ns & WAITER_RELEASE_BUSY) != 0 ||
        !__atomic_compare_exchange_n(&line->release_ns, &latest_ns, release->time_ns | WAITER_RELEASE_BUSY,
                                     false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&line->release_who, EXECTRACE_WHO(release->tid, release->stack, object_hash(object)),
                     __ATOMIC_RELEASE);
    __atomic_store_n(&line->release_ns, release->time_ns, __ATOMIC_RELEASE);
    return true;
}

bool waiters_find_release(uint64_t object, uint64_t since_ns, struct waiter_release *release)
{
    const struct waiter_line *line = waiters_line_of(object);

    for (uint32_t i = 0; i < RELEASE_READ_ATTEMPTS; i++) {
        uint64_t time_ns = __atomic_load_n(&line->release_ns, __ATOMIC_ACQUIRE);
        uint64_t who = __atomic_load_n(&line->release_who, __ATOMIC_ACQUIRE);

        if ((time_ns & WAITER_RELEASE_BUSY) != 0 ||
            __atomic_load_n(&line->release_ns, __ATOMIC_RELAXED) != time_ns)
            continue;
        release->time_ns = time_ns;
        release->tid = EXECTRACE_WHO_WAKER(who);
        release->stack = EXECTRACE_WHO_WAKER_STACK(who);
        return time_ns >= since_ns && EXECTRACE_WHO_STACK(who) == object_hash(object);
    }
    return false;
}

void waiters_reset(void)
{
    memset(waiter_lines, 0, sizeof(waiter_lines));
}
