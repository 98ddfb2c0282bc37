/*
 * The user of lttng-ctl, with kernel_tracer.c. Owns the session from creation to destruction.
 * Called by main.c and session_daemon.c on the main thread.
 */
#include "recorder/session.h"
#include "recorder/kernel_tracer.h"

#include <lttng/lttng.h>
#include <lttng/snapshot.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SESSION_ERROR (g_quark_from_static_string("recorder-session"))

#define NAME_PREFIX "exectrace-recorder-"
#define PROGRAM_CHANNEL "exectrace"
#define RECORDER_CHANNEL "sched"
#define METRIC_CHANNEL "metric"

#define METADATA_SUBBUFFER_COUNT 2
/* Buffers are divided into this many sub-buffers; one is written out while the others fill. */
#define SUBBUFFER_COUNT 8
#define DEFAULT_PROGRAM_BYTES (UINT64_C(8) << 20)
#define DEFAULT_RECORDER_BYTES (UINT64_C(2) << 20)
/* Who asks for larger buffers gets larger ones for scheduling, too. */
#define PROGRAM_TO_RECORDER_RATIO 4
#define METRIC_BYTES MIN_BUFFER_BYTES
/* The kernel's own tracer records the whole machine, and cannot wait for a free buffer. */
#define RECORDER_TO_KERNEL_FACTOR 2
/* In a snapshot session the buffers are all that is kept. */
#define SNAPSHOT_PROGRAM_BYTES (UINT64_C(16) << 20)
#define SNAPSHOT_RECORDER_BYTES (UINT64_C(4) << 20)
#define MAX_DEFAULT_TOTAL_BYTES (UINT64_C(256) << 20)
#define MIN_BUFFER_BYTES (UINT64_C(64) << 10)
#define SHARED_MEMORY_FOLDER "/dev/shm"

/* How often a half-full sub-buffer is written out, so that a long recording can be watched; microseconds. */
#define SWITCH_TIMER_US 1000000

/* The recorder may wait so long for a free buffer (sched_collector.c counts on it); the program never does.
 */
#define RECORDER_BLOCKING_US 200000

#define PROCESS_POLL_MS 20
#define PENDING_POLL_US 2000
#define PENDING_LIMIT_US 30000000

struct session {
    char *name;
    bool is_snapshot;
    bool has_kernel_tracer;
    uint64_t program_bytes;  /* per CPU */
    uint64_t recorder_bytes; /* per CPU */
};

static bool fail(GError **error, int code, const char *what)
{
    g_set_error(error, SESSION_ERROR, code, "LTTng cannot %s: %s", what,
                lttng_strerror(code < 0 ? code : -code));
    return false;
}

static struct lttng_domain ust_domain(void)
{
    return (struct lttng_domain){.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
}

static uint64_t round_down_to_power_of_two(uint64_t value)
{
    uint64_t power = 1;

    while (power <= value / 2)
        power *= 2;

    return power;
}

/*
 * LTTng's buffers live in shared memory, one for every CPU that could be there: use at most a third of what
 * is free, and not more than MAX_DEFAULT_TOTAL_BYTES.
 */
static uint64_t affordable_bytes(uint64_t wanted)
{
    struct statvfs status;
    long cpu_count = sysconf(_SC_NPROCESSORS_CONF);

    if (statvfs(SHARED_MEMORY_FOLDER, &status) != 0 || cpu_count < 1)
        return wanted;

    uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    uint64_t total_bytes = MIN(free_bytes / 3, MAX_DEFAULT_TOTAL_BYTES);
    return MAX(MIN(wanted, total_bytes / (uint64_t)cpu_count), MIN_BUFFER_BYTES);
}

/*
 * A snapshot session overwrites the oldest events, so nobody has to wait; and a sub-buffer must not be closed
 * before it is full, or little would fit into the buffers of a quiet program.
 */
static bool add_channel(struct lttng_handle *handle, const struct session *session, const char *name,
                        uint64_t buffer_bytes, GError **error)
{
    struct lttng_domain domain = ust_domain();
    struct lttng_channel *channel = lttng_channel_create(&domain);

    if (!channel)
        return fail(error, LTTNG_ERR_NOMEM, "create a channel");

    snprintf(channel->name, sizeof(channel->name), "%s", name);
    channel->attr.overwrite = session->is_snapshot;
    channel->attr.num_subbuf = SUBBUFFER_COUNT;
    channel->attr.subbuf_size = round_down_to_power_of_two(buffer_bytes / SUBBUFFER_COUNT);
    channel->attr.switch_timer_interval = session->is_snapshot ? 0 : SWITCH_TIMER_US;
    channel->attr.output = LTTNG_EVENT_MMAP;
    if (strcmp(name, PROGRAM_CHANNEL) != 0 && !session->is_snapshot)
        lttng_channel_set_blocking_timeout(channel, RECORDER_BLOCKING_US);

    int code = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    return code == 0 || fail(error, code, "create its buffers");
}

/*
 * LTTng writes the description of the events, without which nothing can be read, when tracing stops. So that
 * a recording that is cut off can be read, too, it is written as often as the events are.
 */
static bool add_metadata_channel(struct lttng_handle *handle, GError **error)
{
    struct lttng_domain domain = ust_domain();
    struct lttng_channel *channel = lttng_channel_create(&domain);

    if (!channel)
        return fail(error, LTTNG_ERR_NOMEM, "create a channel");

    snprintf(channel->name, sizeof(channel->name), "metadata");
    channel->attr.overwrite = 0;
    channel->attr.num_subbuf = METADATA_SUBBUFFER_COUNT;
    channel->attr.subbuf_size = (uint64_t)sysconf(_SC_PAGESIZE);
    channel->attr.switch_timer_interval = SWITCH_TIMER_US;
    channel->attr.read_timer_interval = 0;
    channel->attr.output = LTTNG_EVENT_MMAP;

    int code = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    return code == 0 || fail(error, code, "create its buffers");
}

/* filter: NULL, or which events of that name are recorded. */
static bool add_events(struct lttng_handle *handle, const char *channel, const char *const *patterns,
                       const char *filter, GError **error)
{
    for (; *patterns; patterns++) {
        struct lttng_event *event = lttng_event_create();

        if (!event)
            return fail(error, LTTNG_ERR_NOMEM, "create an event rule");

        event->type = LTTNG_EVENT_TRACEPOINT;
        event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
        event->loglevel = -1;
        snprintf(event->name, sizeof(event->name), "%s", *patterns);

        int code = lttng_enable_event_with_filter(handle, event, channel, filter);
        lttng_event_destroy(event);
        if (code != 0)
            return fail(error, code, "enable the events");
    }

    return true;
}

static bool add_thread_contexts(struct lttng_handle *handle, GError **error)
{
    static const enum lttng_event_context_type types[] = {LTTNG_EVENT_CONTEXT_VPID, LTTNG_EVENT_CONTEXT_VTID};

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        struct lttng_event_context context = {.ctx = types[i]};
        int code = lttng_add_context(handle, &context, NULL, PROGRAM_CHANNEL);

        if (code != 0)
            return fail(error, code, "add the contexts vpid and vtid");
    }

    return true;
}

static bool add_channels(struct session *session, GError **error)
{
    static const char *const program_events[] = {
        "exectrace_process:*", "exectrace_thread:*", "exectrace_sync:*", "exectrace_syscall:*",
        "exectrace_alloc:*",   "exectrace_stack:*",  "exectrace_user:*", NULL};
    static const char *const sched_events[] = {"exectrace_sched:*", NULL};
    static const char *const metric_events[] = {"exectrace_metric:*", NULL};
    /* Another recorder may use the same daemon: what it says about its program is none of ours. */
    g_autofree char *only_ours = g_strdup_printf("$ctx.vpid == %d", (int)getpid());
    struct lttng_domain domain = ust_domain();
    struct lttng_handle *handle = lttng_create_handle(session->name, &domain);

    if (!handle)
        return fail(error, LTTNG_ERR_NOMEM, "create a session");

    bool is_ok = (session->is_snapshot || add_metadata_channel(handle, error)) &&
                 add_channel(handle, session, PROGRAM_CHANNEL, session->program_bytes, error) &&
                 add_channel(handle, session, RECORDER_CHANNEL, session->recorder_bytes, error) &&
                 add_channel(handle, session, METRIC_CHANNEL, METRIC_BYTES, error) &&
                 add_thread_contexts(handle, error) &&
                 add_events(handle, PROGRAM_CHANNEL, program_events, NULL, error) &&
                 add_events(handle, RECORDER_CHANNEL, sched_events, only_ours, error) &&
                 add_events(handle, METRIC_CHANNEL, metric_events, only_ours, error);
    lttng_destroy_handle(handle);
    return is_ok;
}

static bool add_kernel_channel(struct session *session, enum session_kernel_tracer wish, GError **error)
{
    const struct kernel_tracer_channel settings = {
        .subbuffer_count = SUBBUFFER_COUNT,
        .subbuffer_bytes =
            round_down_to_power_of_two(session->recorder_bytes * RECORDER_TO_KERNEL_FACTOR / SUBBUFFER_COUNT),
        .switch_timer_us = session->is_snapshot ? 0 : SWITCH_TIMER_US,
        .is_snapshot = session->is_snapshot,
    };

    session->has_kernel_tracer =
        wish != SESSION_KERNEL_NEVER &&
        kernel_tracer_add_channel(session->name, &settings, wish == SESSION_KERNEL_REQUIRED ? error : NULL);
    return session->has_kernel_tracer || wish != SESSION_KERNEL_REQUIRED;
}

static struct lttng_session_descriptor *describe_session(const struct session *session,
                                                         const struct session_options *options)
{
    if (options->url && options->is_snapshot)
        return lttng_session_descriptor_snapshot_network_create(session->name, options->url, NULL);

    if (options->url)
        return lttng_session_descriptor_network_create(session->name, options->url, NULL);

    if (options->is_snapshot)
        return lttng_session_descriptor_snapshot_local_create(session->name, options->output);

    return lttng_session_descriptor_local_create(session->name, options->output);
}

static bool create_session(struct session *session, const struct session_options *options, GError **error)
{
    struct lttng_session_descriptor *descriptor = describe_session(session, options);

    if (!descriptor) {
        g_set_error(error, SESSION_ERROR, 0, "LTTng cannot write a trace to %s",
                    options->url ? options->url : options->output);
        return false;
    }

    enum lttng_error_code code = lttng_create_session_ext(descriptor);
    lttng_session_descriptor_destroy(descriptor);
    return code == LTTNG_OK || fail(error, (int)code, "create a session");
}

/*
 * What was recorded is written already when this is called, so there is nothing to wait for: the daemon takes
 * half a second to take leave of the programs, and does not show the session any more meanwhile.
 */
static void destroy_session(struct session *session)
{
    lttng_destroy_session_no_wait(session->name);
}

static void free_session(struct session *session)
{
    g_free(session->name);
    g_free(session);
}

/* The set of processes that are recorded; the caller destroys it. NULL with error. */
static struct lttng_process_attr_tracker_handle *get_tracker(struct session *session, GError **error)
{
    struct lttng_process_attr_tracker_handle *tracker = NULL;
    enum lttng_error_code code = lttng_session_get_tracker_handle(
        session->name, LTTNG_DOMAIN_UST, LTTNG_PROCESS_ATTR_VIRTUAL_PROCESS_ID, &tracker);

    if (code != LTTNG_OK) {
        fail(error, (int)code, "choose processes");
        return NULL;
    }

    return tracker;
}

static bool tracker_result(enum lttng_process_attr_tracker_handle_status status, GError **error)
{
    if (status == LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_OK ||
        status == LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_EXISTS)
        return true;

    g_set_error_literal(error, SESSION_ERROR, 0, "LTTng cannot record single processes");
    return false;
}

/* Before tracing starts, or what happens to run would be recorded for a moment. */
static bool restrict_session(struct session *session, GError **error)
{
    struct lttng_process_attr_tracker_handle *tracker = get_tracker(session, error);

    if (!tracker)
        return false;

    bool is_ok = tracker_result(
        lttng_process_attr_tracker_handle_set_tracking_policy(tracker, LTTNG_TRACKING_POLICY_INCLUDE_SET),
        error);
    lttng_process_attr_tracker_handle_destroy(tracker);
    return is_ok && session_track(session, getpid(), error);
}

static bool start_tracing(struct session *session, GError **error)
{
    int code = lttng_start_tracing(session->name);

    return code >= 0 || fail(error, code, "start tracing");
}

static void choose_buffers(struct session *session, const struct session_options *options)
{
    if (options->buffer_bytes)
        session->program_bytes = MAX(options->buffer_bytes, MIN_BUFFER_BYTES);
    else
        session->program_bytes =
            affordable_bytes(session->is_snapshot ? SNAPSHOT_PROGRAM_BYTES : DEFAULT_PROGRAM_BYTES);

    session->recorder_bytes =
        MAX(affordable_bytes(session->is_snapshot ? SNAPSHOT_RECORDER_BYTES : DEFAULT_RECORDER_BYTES),
            options->buffer_bytes / PROGRAM_TO_RECORDER_RATIO);
}

struct session *session_new(const struct session_options *options, GError **error)
{
    struct session *session = g_new0(struct session, 1);

    session->name = g_strdup_printf(NAME_PREFIX "%d-%" G_GINT64_FORMAT, (int)getpid(), g_get_real_time());
    session->is_snapshot = options->is_snapshot;
    choose_buffers(session, options);
    if (!create_session(session, options, error)) {
        free_session(session);
        return NULL;
    }

    if (!add_channels(session, error) || !add_kernel_channel(session, options->kernel_tracer, error) ||
        (options->is_restricted && !restrict_session(session, error)) || !start_tracing(session, error)) {
        destroy_session(session);
        free_session(session);
        return NULL;
    }

    return session;
}

bool session_has_kernel_tracer(const struct session *session)
{
    return session->has_kernel_tracer;
}

bool session_start_kernel_tracer(struct session *session, GError **error)
{
    return kernel_tracer_start(session->name, error);
}

bool session_wait_for_process(pid_t pid, unsigned limit_ms)
{
    struct lttng_domain domain = ust_domain();
    struct lttng_handle *handle = lttng_create_handle(NULL, &domain);
    bool is_there = false;

    for (unsigned waited_ms = 0; handle && !is_there && waited_ms <= limit_ms; waited_ms += PROCESS_POLL_MS) {
        struct lttng_event *tracepoints = NULL;
        int count = lttng_list_tracepoints(handle, &tracepoints);

        for (int i = 0; i < count && !is_there; i++)
            is_there = tracepoints[i].pid == pid && g_str_has_prefix(tracepoints[i].name, "exectrace_");

        free(tracepoints);
        if (!is_there)
            g_usleep(PROCESS_POLL_MS * 1000);
    }

    lttng_destroy_handle(handle);
    return is_there;
}

bool session_track(struct session *session, pid_t pid, GError **error)
{
    struct lttng_process_attr_tracker_handle *tracker = get_tracker(session, error);

    if (!tracker)
        return false;

    bool is_ok =
        tracker_result(lttng_process_attr_virtual_process_id_tracker_handle_add_pid(tracker, pid), error);
    lttng_process_attr_tracker_handle_destroy(tracker);
    return is_ok;
}

static bool wait_for_data(struct session *session, GError **error)
{
    for (uint64_t waited_us = 0;; waited_us += PENDING_POLL_US) {
        int pending = lttng_data_pending(session->name);

        if (pending < 0)
            return fail(error, pending, "finish writing the trace");

        if (pending == 0)
            return true;

        if (waited_us >= PENDING_LIMIT_US) {
            g_set_error_literal(
                error, SESSION_ERROR, 0,
                "LTTng has not finished writing the trace after 30 s; its end may be missing");
            return false;
        }

        g_usleep(PENDING_POLL_US);
    }
}

static void read_loss(struct session *session, struct session_loss *loss)
{
    struct lttng_domain domain = ust_domain();
    struct lttng_handle *handle = lttng_create_handle(session->name, &domain);
    struct lttng_channel *channels = NULL;
    int count = handle ? lttng_list_channels(handle, &channels) : 0;

    for (int i = 0; i < count; i++) {
        uint64_t discarded = 0;

        lttng_channel_get_discarded_event_count(&channels[i], &discarded);
        if (strcmp(channels[i].name, PROGRAM_CHANNEL) == 0)
            loss->program_events = discarded;
        else
            loss->recorder_events += discarded;
    }

    if (session->has_kernel_tracer)
        loss->recorder_events += kernel_tracer_lost_count(session->name);

    loss->buffer_bytes = session->program_bytes;
    free(channels);
    lttng_destroy_handle(handle);
}

bool session_take_snapshot(struct session *session, const char *name, GError **error)
{
    struct lttng_snapshot_output *output = lttng_snapshot_output_create();

    if (!output)
        return fail(error, LTTNG_ERR_NOMEM, "take a snapshot");

    lttng_snapshot_output_set_name(name, output);
    int code = lttng_snapshot_record(session->name, output, 0);
    lttng_snapshot_output_destroy(output);
    return code == 0 || fail(error, code, "take a snapshot");
}

bool session_finish(struct session *session, struct session_loss *loss, GError **error)
{
    int code = lttng_stop_tracing_no_wait(session->name);
    bool is_ok = code >= 0 || code == -LTTNG_ERR_TRACE_ALREADY_STOPPED;

    if (code == -LTTNG_ERR_NO_SESSIOND)
        g_set_error_literal(error, SESSION_ERROR, code,
                            "LTTng's session daemon ended while it was recording; what it had not written "
                            "yet is lost, and the trace may be unreadable");
    else if (!is_ok)
        fail(error, code, "stop tracing");

    is_ok = is_ok && (session->is_snapshot || wait_for_data(session, error));
    read_loss(session, loss);
    destroy_session(session);
    free_session(session);
    return is_ok;
}

const char *session_name(const struct session *session)
{
    return session->name;
}

bool session_daemon_answers(void)
{
    return lttng_session_daemon_alive() == 1;
}

/* The recorder that made the session is gone; sessions of others are never touched. */
static bool is_abandoned(const char *name)
{
    if (!g_str_has_prefix(name, NAME_PREFIX))
        return false;

    pid_t pid = atoi(name + strlen(NAME_PREFIX));
    return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

int session_clean_and_count(void)
{
    struct lttng_session *sessions = NULL;
    int count = lttng_list_sessions(&sessions);
    int remaining = MAX(count, 0);

    for (int i = 0; i < count; i++) {
        if (is_abandoned(sessions[i].name) && lttng_destroy_session(sessions[i].name) == 0)
            remaining--;
    }

    free(sessions);
    return count < 0 && count != -LTTNG_ERR_NO_SESSION ? -1 : remaining;
}
