/* The kernel's channel of a recording: see kernel_tracer.h. Uses lttng-ctl, on the main thread. */
#include "recorder/kernel_tracer.h"

#include <lttng/lttng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tracepoints/contract.h"

#define KERNEL_TRACER_ERROR (g_quark_from_static_string("recorder-kernel-tracer"))

static const char *const event_names[] = {"sched_switch",       "sched_waking",       "sched_wakeup_new",
                                          "sched_process_fork", "sched_process_exec", "sched_process_exit"};

static bool fail(GError **error, int code)
{
    g_set_error(
        error, KERNEL_TRACER_ERROR, code,
        "LTTng's kernel tracer cannot be used (%s); it needs LTTng's kernel modules, and root's session "
        "daemon, started without --no-kernel, for root or a member of the group \"tracing\"",
        lttng_strerror(code < 0 ? code : -code));
    return false;
}

/* The caller destroys it. */
static struct lttng_handle *open_handle(const char *session_name)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_KERNEL, .buf_type = LTTNG_BUFFER_GLOBAL};

    return lttng_create_handle(session_name, &domain);
}

bool kernel_tracer_add_channel(const char *session_name, const struct kernel_tracer_channel *settings,
                               GError **error)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_KERNEL, .buf_type = LTTNG_BUFFER_GLOBAL};
    struct lttng_handle *handle = open_handle(session_name);
    struct lttng_channel *channel = lttng_channel_create(&domain);
    int code = -LTTNG_ERR_NOMEM;

    if (handle && channel) {
        snprintf(channel->name, sizeof(channel->name), "%s", EXECTRACE_KERNEL_CHANNEL);
        channel->attr.overwrite = settings->is_snapshot;
        channel->attr.num_subbuf = settings->subbuffer_count;
        channel->attr.subbuf_size = settings->subbuffer_bytes;
        channel->attr.switch_timer_interval = settings->switch_timer_us;
        channel->attr.output = LTTNG_EVENT_MMAP;
        code = lttng_enable_channel(handle, channel);
    }

    lttng_channel_destroy(channel);
    lttng_destroy_handle(handle);
    return code == 0 || fail(error, code);
}

static int enable_event(struct lttng_handle *handle, const char *name)
{
    struct lttng_event *event = lttng_event_create();

    if (!event)
        return -LTTNG_ERR_NOMEM;

    event->type = LTTNG_EVENT_TRACEPOINT;
    event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
    event->loglevel = -1;
    snprintf(event->name, sizeof(event->name), "%s", name);
    int code = lttng_enable_event(handle, event, EXECTRACE_KERNEL_CHANNEL);
    lttng_event_destroy(event);
    return code;
}

bool kernel_tracer_start(const char *session_name, GError **error)
{
    struct lttng_handle *handle = open_handle(session_name);
    int code = handle ? 0 : -LTTNG_ERR_NOMEM;

    for (unsigned i = 0; i < G_N_ELEMENTS(event_names) && code == 0; i++)
        code = enable_event(handle, event_names[i]);

    lttng_destroy_handle(handle);
    return code == 0 || fail(error, code);
}

uint64_t kernel_tracer_lost_count(const char *session_name)
{
    struct lttng_handle *handle = open_handle(session_name);
    struct lttng_channel *channels = NULL;
    int count = handle ? lttng_list_channels(handle, &channels) : 0;
    uint64_t lost_count = 0;

    for (int i = 0; i < count; i++) {
        uint64_t discarded = 0;

        lttng_channel_get_discarded_event_count(&channels[i], &discarded);
        lost_count += discarded;
    }

    free(channels);
    lttng_destroy_handle(handle);
    return lost_count;
}
