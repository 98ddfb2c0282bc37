/* Names of slices and states. Called by the exporters for each slice, so without printf on the usual ways. */
#include "viewer_export/labels.h"

#include <stdio.h>
#include <string.h>

static size_t append(char text[LABEL_BYTES], size_t used, const char *part)
{
    size_t count = strnlen(part, LABEL_BYTES - 1 - used);
    memcpy(text + used, part, count);
    text[used + count] = '\0';
    return used + count;
}

static size_t append_number(char text[LABEL_BYTES], size_t used, uint64_t number, unsigned base)
{
    char digits[24];
    char *next = digits + sizeof(digits) - 1;
    *next = '\0';
    do {
        *--next = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    return append(text, used, next);
}

static size_t append_operation(char text[LABEL_BYTES], size_t used, const struct operation_label *label)
{
    if (label->is_idle)
        used = append(text, used, "idle: ");
    used = append(text, used, label->word);
    if (!label->has_object)
        return used;
    if (label->object_is_tid)
        return append_number(text, append(text, used, " thread "), label->object, 10);
    return append_number(text, append(text, used, " 0x"), label->object, 16);
}

void operation_label_write(const struct operation_label *label, char text[LABEL_BYTES])
{
    append_operation(text, 0, label);
}

void release_label_write(const struct operation_label *label, char text[LABEL_BYTES])
{
    struct operation_label released = *label;
    released.is_idle = false;
    append_operation(text, append(text, 0, "release "), &released);
}

void state_label_write(const struct export_state *state, char text[LABEL_BYTES])
{
    const struct state_interval *interval = state->interval;
    size_t used = append(text, 0, state_word(interval->state));
    if (interval->state == THREAD_RUNNING && interval->cpu >= 0)
        append_number(text, append(text, used, " on CPU "), (uint64_t)interval->cpu, 10);
    else if (interval->state == THREAD_RUNNABLE && interval->is_preempted)
        append(text, used, " (preempted)");
    else if (interval->state == THREAD_BLOCKED && state->reason.word)
        append_operation(text, append(text, used, ": "), &state->reason);
}

void thread_label_write(const struct thread *thread, char text[LABEL_BYTES])
{
    size_t used = append(text, 0, thread->name ? thread->name : "");
    if (used > 0)
        used = append(text, used, " ");
    if (thread->tid >= 0)
        append_number(text, used, (uint64_t)thread->tid, 10);
    else
        append(text, used, "?");
}

void loss_label_write(const struct export_loss *loss, char text[LABEL_BYTES])
{
    if (loss->count)
        snprintf(text, LABEL_BYTES, "lost %" G_GUINT64_FORMAT " %s", loss->count, loss->what);
    else
        snprintf(text, LABEL_BYTES, "lost %s, number not known", loss->what);
}

const char *state_word(enum thread_state state)
{
    static const char *const words[] = {
        [THREAD_UNKNOWN] = "unknown",
        [THREAD_RUNNING] = "running",
        [THREAD_RUNNABLE] = "runnable",
        [THREAD_BLOCKED] = "blocked",
    };
    return words[state];
}
