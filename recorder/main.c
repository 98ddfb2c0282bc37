/*
 * recorder: runs a program and records where its threads wait. This file calls the stages in the order in
 * which they happen; everything that was begun is ended in reverse order, whatever happens in between.
 */
#include "recorder/admission.h"
#include "recorder/attach.h"
#include "recorder/daemon_watch.h"
#include "recorder/folders.h"
#include "recorder/existing_process.h"
#include "recorder/introductions.h"
#include "recorder/kernel_tracer.h"
#include "recorder/locations.h"
#include "recorder/metrics.h"
#include "recorder/newcomers.h"
#include "recorder/open_operations.h"
#include "recorder/options.h"
#include "recorder/program_check.h"
#include "recorder/recorder_events.h"
#include "recorder/relay.h"
#include "recorder/sched_collector.h"
#include "recorder/sched_sources.h"
#include "recorder/session.h"
#include "recorder/session_daemon.h"
#include "recorder/survivors.h"
#include "recorder/target.h"

#include "tracepoints/contract.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDER_ERROR (g_quark_from_static_string("recorder"))

/* Everything one recording owns; freed by end_recording, also when it is half built. */
struct recording {
    struct recorder_options options;
    char *program_path;
    char *lttng_home; /* where a process that runs already looks for its session daemon */
    char *library_path;
    char *module_path;
    char *output;
    bool output_was_there;
    int reserve_fd;       /* see folders_reserve */
    char *runtime_folder; /* sockets of a private session daemon */
    char *state_folder;   /* what the program's threads are doing, see tracepoints/state.h */
    char **environment;
    struct session_daemon *daemon;
    struct session *session;
    struct daemon_watch *daemons;
    struct admission *admission; /* NULL: the session daemon is ours alone */
    struct survivors *survivors; /* NULL: the recording ends with the program */
    struct target *target;
    const struct recorder_events *events;
    struct sched_collector *collector;
    struct metrics *metrics;
    int wait_status; /* of the program, as waitpid(2) gives it */
    bool has_ended;  /* the process attached to has */
    bool has_run;    /* the program was started: the output directory holds a trace */
    unsigned snapshot_count;
    bool is_cut_off; /* LTTng's daemons have ended, or could not finish the trace */
};

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "recorder: %s\n", text);
}

/* What can be known before anything is created. */
static bool check(struct recording *recording, GError **error)
{
    pid_t pid = recording->options.attach_pid;

    recording->module_path = locations_find_events_module(error);
    if (!recording->module_path || (recording->options.url && !relay_check(recording->options.url, error)))
        return false;

    if (pid) {
        recording->program_path = attach_program(pid);
        recording->lttng_home = attach_lttng_home(pid);
        return attach_check(pid, error);
    }

    recording->program_path = program_find(recording->options.program[0], error);
    if (!recording->program_path || !program_check(recording->program_path, error))
        return false;

    g_autofree char *limits = program_limits(recording->program_path);
    if (limits && !recording->options.is_quiet)
        say("%s", limits);

    recording->library_path = locations_find_library(error);
    return recording->library_path;
}

static bool make_output(struct recording *recording, GError **error)
{
    if (recording->options.url)
        return true;

    recording->output = folders_make_output(recording->options.output, recording->program_path,
                                            &recording->output_was_there, error);
    if (!recording->output)
        return false;

    if (!recording->options.output && !recording->options.is_quiet)
        say("writing the trace to %s", recording->output);

    recording->reserve_fd = folders_reserve(recording->output);
    return true;
}

static bool make_folders(struct recording *recording, GError **error)
{
    folders_remove_abandoned();
    if (!make_output(recording, error))
        return false;

    recording->runtime_folder = folders_make_runtime(error);
    recording->state_folder = recording->runtime_folder ? folders_make_state(error) : NULL;
    return recording->state_folder;
}

/*
 * Better than switches alone, and the only source where perf events are forbidden; but everything else that
 * tells wake-ups writes less. Nobody can let a daemon of ours alone trace the kernel.
 */
static enum session_kernel_tracer choose_kernel_tracer(const struct recording *recording)
{
    const struct recorder_options *options = &recording->options;

    if (options->with_kernel_tracer)
        return SESSION_KERNEL_REQUIRED;

    if (!options->with_sched || !options->with_wakeups || geteuid() == 0 ||
        session_daemon_is_private(recording->daemon) || sched_sources_tell_wakeups())
        return SESSION_KERNEL_NEVER;

    return SESSION_KERNEL_IF_ALLOWED;
}

static bool start_session(struct recording *recording, GError **error)
{
    struct session_options options = {
        .output = recording->output,
        .url = recording->options.url,
        .is_snapshot = recording->options.snapshot != SNAPSHOT_NEVER,
        .buffer_bytes = recording->options.buffer_bytes,
    };

    recording->daemon = session_daemon_acquire(recording->runtime_folder, recording->lttng_home,
                                               recording->options.with_kernel_tracer, error);
    if (!recording->daemon)
        return false;

    options.is_restricted =
        !recording->options.follow_children || !session_daemon_is_private(recording->daemon);
    options.kernel_tracer = choose_kernel_tracer(recording);
    recording->session = session_new(&options, error);
    if (!recording->session)
        return false;

    g_autofree char *run_folder = session_daemon_run_folder();
    recording->daemons = daemon_watch_new(run_folder);
    if (options.url && !recording->options.is_quiet)
        say("sending the trace to %s as %s", options.url, session_name(recording->session));

    if (options.is_restricted)
        recording->admission = admission_new(recording->state_folder, recording->session, error);

    return recording->admission || !options.is_restricted;
}

/* The process of the program exists from here on, but waits. It is made before LTTng-UST is loaded into us.
 */
static bool make_target(struct recording *recording, GError **error)
{
    const struct target_settings settings = {
        .library = recording->library_path,
        .state_folder = recording->state_folder,
        .needs_admission = recording->admission && recording->options.follow_children,
    };

    recording->environment = target_environment(&recording->options, &settings, error);
    if (!recording->environment)
        return false;

    if (recording->options.wait_for_children) {
        recording->survivors = survivors_new(error);
        if (!recording->survivors)
            return false;
    }

    recording->target =
        target_spawn(recording->program_path, recording->options.program, recording->environment, error);
    if (!recording->target)
        return false;

    return !recording->admission || admission_add(recording->admission, target_pid(recording->target), error);
}

static uint64_t now_ns(void)
{
    return (uint64_t)g_get_monotonic_time() * 1000;
}

static pid_t recorded_pid(const struct recording *recording)
{
    return recording->target ? target_pid(recording->target) : recording->options.attach_pid;
}

/* What the kernel's tracer does not tell of a process that runs already. */
static void introduce_process(pid_t pid, const struct recorder_events *events)
{
    struct sched_pairing *pairing = sched_pairing_new(events, pid);

    existing_process_introduce(pid, now_ns(), pairing);
    sched_pairing_free(pairing);
}

static void start_kernel_tracer(struct recording *recording)
{
    enum exectrace_sched_source source = recording->options.follow_children
                                             ? EXECTRACE_SCHED_KERNEL_TRACER
                                             : EXECTRACE_SCHED_KERNEL_TRACER_ALONE;
    g_autoptr(GError) error = NULL;

    recording->events->sched_source(now_ns(), (uint8_t)source, KERNEL_TRACER_DESCRIPTION);
    if (recording->options.attach_pid)
        introduce_process(recording->options.attach_pid, recording->events);

    if (!session_start_kernel_tracer(recording->session, &error))
        say("recording without scheduling: %s", error->message);
}

/* Scheduling is worth having, but nothing that must be there. */
static void start_collector(struct recording *recording)
{
    const struct sched_collector_options options = {
        .is_running = !recording->target,
        .follow_children = recording->options.follow_children,
        .with_wakeups = recording->options.with_wakeups,
        .sample_hz = recording->options.sample_hz,
        .ring_bytes = recording->options.ring_bytes,
    };
    g_autoptr(GError) error = NULL;

    /* Our own events wait for LTTng rather than get lost. Not in the program's environment, which exists
     * already. */
    g_setenv("LTTNG_UST_ALLOW_BLOCKING", "1", TRUE);
    recording->events = recorder_events_load(recording->module_path, &error);
    if (!recording->events) {
        say("recording without scheduling: %s", error->message);
        return;
    }

    if (recording->options.snapshot != SNAPSHOT_NEVER)
        recording->events = introductions_watch(recording->events);

    const struct recorder_events *events = recording->events;
    if (recording->options.attach_pid && recording->options.follow_children)
        events = newcomers_watch(recording->events, NULL);

    if (!recording->options.with_sched) {
        recording->events->sched_source(now_ns(), EXECTRACE_SCHED_NONE, "switched off with --no-sched");
        return;
    }

    if (session_has_kernel_tracer(recording->session)) {
        start_kernel_tracer(recording);
        return;
    }

    recording->collector =
        sched_collector_new(recorded_pid(recording), &options, events ? events : recording->events, &error);
    if (!recording->collector) {
        recording->events->sched_source(now_ns(), EXECTRACE_SCHED_NONE, error->message);
        say("recording without scheduling: %s", error->message);
    }
}

/* The process runs already; the session daemon may be new to it. */
static bool join_process(struct recording *recording, GError **error)
{
    pid_t pid = recording->options.attach_pid;

    if (!session_wait_for_process(pid, recording->options.start_limit_ms)) {
        g_set_error(error, RECORDER_ERROR, 0,
                    "process %d does not answer LTTng; was its LTTNG_HOME or HOME changed since it started?",
                    (int)pid);
        return false;
    }

    if (recording->options.follow_children) {
        g_autoptr(GArray) pids = attach_descendants(pid);

        for (unsigned i = 0; i < pids->len; i++)
            admission_add(recording->admission, g_array_index(pids, pid_t, i), NULL);
    }

    return admission_add(recording->admission, pid, error);
}

static bool begin_recording(struct recording *recording, GError **error)
{
    if (!check(recording, error) || !make_folders(recording, error) || !start_session(recording, error))
        return false;

    if (!(recording->options.attach_pid ? join_process(recording, error) : make_target(recording, error)))
        return false;

    start_collector(recording);
    return true;
}

static void start_metrics(struct recording *recording)
{
    if (recording->events && recording->options.metrics_interval_ns)
        recording->metrics =
            metrics_start(recorded_pid(recording), recording->options.metrics_interval_ns, recording->events);
}

static uint64_t process_end(int32_t pid, void *collector)
{
    return collector ? sched_collector_process_end(collector, pid) : 0;
}

static void emit_open_operations(const struct recording *recording, open_operations_end end, void *data)
{
    if (recording->options.attach_pid)
        open_operations_emit_running(recording->options.attach_pid, now_ns(), recording->events);

    open_operations_emit(recording->state_folder, now_ns(), end, data, recording->events);
}

/* --- snapshots ---------------------------------------------------------------------------------------- */

/* LTTng says nothing of a snapshot for which there was no room. */
static bool say_snapshot(const struct recording *recording, const char *name)
{
    g_autofree char *prefix = g_strconcat(name, "-", NULL);
    g_autofree char *path = recording->output ? folders_find(recording->output, prefix) : g_strdup(name);

    if (!path)
        say("the snapshot could not be written to %s; is there room for it, and is it still there?",
            recording->output);
    else if (!recording->options.is_quiet)
        say("snapshot written to %s", path);

    return path;
}

/* why: a word for the name of its directory. */
static void write_snapshot(struct recording *recording, const char *why)
{
    g_autofree char *name = g_strdup_printf("snapshot-%u-%s", recording->snapshot_count + 1, why);
    g_autoptr(GError) error = NULL;

    introductions_repeat();
    if (!session_take_snapshot(recording->session, name, &error))
        say("%s", error->message);
    else if (say_snapshot(recording, name))
        recording->snapshot_count++;
}

/* Processes that ended earlier have nothing in flight. */
static uint64_t no_end_of_running(int32_t pid, void *unused)
{
    (void)unused;
    return kill(pid, 0) != 0 && errno == ESRCH ? OPEN_OPERATIONS_NONE : 0;
}

/* Somebody wants to know what the program is doing, or waiting for, right now. */
static void take_snapshot_on_signal(void *data)
{
    struct recording *recording = data;

    if (recording->collector)
        sched_collector_flush(recording->collector);

    if (recording->events)
        emit_open_operations(recording, no_end_of_running, NULL);

    write_snapshot(recording, "signal");
}

/* "sigsegv" */
static char *signal_word(int number)
{
    const char *name = sigabbrev_np(number);
    g_autofree char *word = g_strdup_printf("sig%s", name ? name : "nal");

    return g_ascii_strdown(word, -1);
}

/* The program has ended, and all that is known of it is in the buffers. */
static void take_last_snapshot(struct recording *recording)
{
    g_autofree char *why = NULL;

    if (recording->options.attach_pid)
        why = g_strdup(recording->has_ended ? "ended" : "end");
    else if (WIFSIGNALED(recording->wait_status))
        why = signal_word(WTERMSIG(recording->wait_status));
    else if (WEXITSTATUS(recording->wait_status) != 0)
        why = g_strdup_printf("exit%d", WEXITSTATUS(recording->wait_status));
    else
        why = g_strdup("end");

    bool is_failure = strcmp(why, "end") != 0;
    if (recording->options.snapshot >= (is_failure ? SNAPSHOT_ON_FAILURE : SNAPSHOT_AT_END))
        write_snapshot(recording, why);
    else if (recording->snapshot_count == 0 && !recording->options.is_quiet)
        say("no snapshot was asked for, nothing is written; --snapshot=end writes one at the end");
}

/* What would still be recorded would only fill buffers that nobody empties. */
static void stop_observing(struct recording *recording)
{
    metrics_stop(recording->metrics);
    recording->metrics = NULL;
    if (recording->collector)
        sched_collector_stop(recording->collector);

    sched_collector_free(recording->collector);
    recording->collector = NULL;
}

static void daemon_has_ended(enum watched_daemon which, void *data)
{
    struct recording *recording = data;
    bool has_file = recording->output && recording->options.snapshot == SNAPSHOT_NEVER;

    recording->is_cut_off = true;
    stop_observing(recording);
    say("LTTng's %s daemon ended (was it killed?): nothing is recorded from here on, the program runs on%s",
        which == WATCHED_SESSION_DAEMON ? "session" : "consumer",
        has_file ? "; what was recorded up to about a second before can be read" : "");
}

/* Runs the program, or watches the process, until it is time to stop. False with error: it could not be run.
 */
static bool record(struct recording *recording, GError **error)
{
    const struct target_duties duties = {
        .admission = recording->options.follow_children ? recording->admission : NULL,
        .survivors = recording->survivors,
        .take_snapshot = recording->options.snapshot == SNAPSHOT_NEVER ? NULL : take_snapshot_on_signal,
        .daemons = recording->daemons,
        .daemon_has_ended = daemon_has_ended,
        .data = recording,
    };

    if (recording->options.attach_pid) {
        recording->has_run = true;
        start_metrics(recording);
        recording->has_ended =
            target_watch(recording->options.attach_pid, recording->options.duration_ns, &duties);
        return true;
    }

    if (!target_release(recording->target, error))
        return false;

    recording->has_run = true;
    start_metrics(recording);
    recording->wait_status = target_wait(recording->target, &duties);
    return true;
}

static void report_loss(const struct session_loss *loss, uint64_t ring_loss_count, bool is_full)
{
    g_autofree char *size = g_format_size_full(loss->buffer_bytes, G_FORMAT_SIZE_IEC_UNITS);

    if (loss->program_events)
        say("%" G_GUINT64_FORMAT
            " events of the program were lost because its buffers of %s per CPU were full; "
            "a larger --buffer-size avoids it, or higher thresholds",
            loss->program_events, size);

    if (loss->recorder_events)
        say("%" G_GUINT64_FORMAT " scheduling events were lost because the buffers were full; "
            "a larger --buffer-size avoids it, or a disk that is quicker",
            loss->recorder_events);

    if (ring_loss_count)
        say("%" G_GUINT64_FORMAT " scheduling records were lost%s", ring_loss_count,
            is_full ? "" : "; a larger --ring-size avoids it, or a disk that is quicker");
}

/* Ends what was begun, in reverse order. */
static void end_recording(struct recording *recording)
{
    struct session_loss loss = {0};
    g_autoptr(GError) error = NULL;
    bool left_running;

    metrics_stop(recording->metrics);
    uint64_t ring_loss_count = recording->collector ? sched_collector_stop(recording->collector) : 0;
    bool is_recording = recording->has_run && !recording->is_cut_off;
    if (is_recording && recording->events)
        emit_open_operations(recording, process_end, recording->collector);

    if (is_recording && recording->options.snapshot != SNAPSHOT_NEVER)
        take_last_snapshot(recording);

    bool is_full = recording->has_run && recording->output && folders_is_full(recording->output);
    if (recording->reserve_fd >= 0)
        close(recording->reserve_fd);

    sched_collector_free(recording->collector);
    target_free(recording->target);
    survivors_free(recording->survivors);
    if (recording->session && !session_finish(recording->session, &loss, &error)) {
        if (!recording->is_cut_off)
            say("%s", error->message);

        recording->is_cut_off = true;
    }

    report_loss(&loss, ring_loss_count, is_full);
    session_daemon_release(recording->daemon, &left_running);
    if (left_running)
        say("LTTng's session daemon was left running because other sessions use it");

    if (is_full)
        say("the file system of %s is full; the end of the trace may be missing", recording->output);

    daemon_watch_free(recording->daemons);
    admission_free(recording->admission);
    folders_remove(recording->state_folder);
    folders_remove(recording->runtime_folder);
    bool is_empty = !recording->has_run ||
                    (recording->options.snapshot != SNAPSHOT_NEVER && recording->snapshot_count == 0);
    if (is_empty && recording->output && !recording->output_was_there)
        folders_remove(recording->output);

    introductions_clear();
    newcomers_clear();
    g_strfreev(recording->environment);
    g_free(recording->program_path);
    g_free(recording->lttng_home);
    g_free(recording->library_path);
    g_free(recording->module_path);
    g_free(recording->output);
    g_free(recording->runtime_folder);
    g_free(recording->state_folder);
    options_clear(&recording->options);
}

static int exit_status(const GError *error)
{
    return error->domain == PROGRAM_CHECK_ERROR ? error->code : RECORDER_FAILED;
}

/* LTTng-UST would read the headers of all our libraries to describe them; nobody asks for that. */
static void prepare_own_tracing(void)
{
    g_setenv("LTTNG_UST_WITHOUT_BADDR_STATEDUMP", "1", FALSE);
}

int main(int argc, char **argv)
{
    struct recording recording = {.reserve_fd = -1};
    g_autoptr(GError) error = NULL;

    switch (options_parse(&recording.options, argc, argv, &error)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        say("%s", error->message);
        return RECORDER_FAILED;
    case OPTIONS_RUN:
        break;
    }

    target_hold_signals();
    prepare_own_tracing();
    bool is_ready = begin_recording(&recording, &error);
    int interruption = target_was_interrupted();
    if (is_ready && !interruption)
        record(&recording, &error);

    end_recording(&recording);
    target_end_signals();
    if (error) {
        say("%s", error->message);
        return exit_status(error);
    }

    if (recording.has_run && recording.is_cut_off && recording.wait_status == 0)
        return RECORDER_FAILED;

    target_exit_like(recording.has_run ? recording.wait_status : interruption);
}
