/*
 * The program that is recorded: its environment, its start, the signals it gets, its end.
 * All functions are called on the main thread.
 */
#ifndef EXECTRACE_RECORDER_TARGET_H
#define EXECTRACE_RECORDER_TARGET_H

#include "recorder/admission.h"
#include "recorder/daemon_watch.h"
#include "recorder/options.h"
#include "recorder/survivors.h"

#include <signal.h>
#include <sys/types.h>

struct target;

/* What the environment of the program needs beside the user's options. */
struct target_settings {
    const char *library;      /* path of libexectrace.so */
    const char *state_folder; /* for operations in flight; NULL: none */
    bool needs_admission;     /* new processes wait until they are admitted */
};

/*
 * Our own environment plus what the library and LTTng need: LD_PRELOAD (in front of what is there), the time
 * limit of LTTng's registration and the library's settings. The caller frees with g_strfreev. NULL with error
 * when the library's path cannot stand in LD_PRELOAD.
 */
char **target_environment(const struct recorder_options *options, const struct target_settings *settings,
                          GError **error);

/*
 * Blocks the signals that are meant for the program, in this thread and all that it starts. Call it first.
 * Those that arrive before target_wait are remembered; target_was_interrupted asks for one.
 */
void target_hold_signals(void);

/* Ends what target_hold_signals began, but for the signals themselves. */
void target_end_signals(void);

/* A signal that ends programs has arrived (it stays pending); 0: none. */
int target_was_interrupted(void);

/*
 * Creates the process of the program; it waits until target_release. path: what program_find gave.
 * Borrows arguments and environment until target_release. NULL with error.
 */
struct target *target_spawn(const char *path, char **arguments, char **environment, GError **error);

pid_t target_pid(const struct target *target);

/* Lets the program start. False with error (code: enum recorder_status) when exec failed. */
bool target_release(struct target *target, GError **error);

/* What else is done while a program or process is recorded. All borrowed. */
struct target_duties {
    struct admission *admission;       /* admits new processes; NULL: none */
    struct survivors *survivors;       /* the recording ends when all of them have ended; NULL: at once */
    void (*take_snapshot)(void *data); /* SIGUSR2 is for recorder and calls this; NULL: for the program */
    const struct daemon_watch *daemons;
    void (*daemon_has_ended)(enum watched_daemon which, void *data); /* called once at most */
    void *data;
};

/*
 * Waits until the program has ended and passes signals on meanwhile: those that were sent to recorder itself;
 * what the terminal sends has reached the program already. Then waits for the survivors, until a signal tells
 * recorder to stop. Returns the program's status as waitpid(2) does.
 */
int target_wait(struct target *target, const struct target_duties *duties);

/*
 * Waits until process pid, which is none of ours, has ended, the time is over (0: there is no limit), or a
 * signal tells recorder to stop. True: it has ended.
 */
bool target_watch(pid_t pid, uint64_t duration_ns, const struct target_duties *duties);

/* Frees it; a program that was not released never runs. Fine on NULL. */
void target_free(struct target *target);

/* Ends recorder as the program ended: exits with its status, or dies of the same signal (without a core). */
_Noreturn void target_exit_like(int wait_status);

#endif
