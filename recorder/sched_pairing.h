/*
 * From the kernel's scheduling records to exectrace_sched events: pairs switch-out and switch-in of a thread
 * into one event per off-CPU interval. Pure: records in (in order of time), events out; no system calls.
 */
#ifndef EXECTRACE_RECORDER_SCHED_PAIRING_H
#define EXECTRACE_RECORDER_SCHED_PAIRING_H

#include "recorder/recorder_events.h"

enum sched_record_type {
    SCHED_RECORD_IN,            /* the thread is put on a CPU */
    SCHED_RECORD_OUT,           /* it is taken off: it sleeps */
    SCHED_RECORD_OUT_PREEMPTED, /* it is taken off but could run on */
    SCHED_RECORD_FORK,
    SCHED_RECORD_EXIT,
    SCHED_RECORD_NAME,
    SCHED_RECORD_MODULE,
    SCHED_RECORD_SAMPLE,
    SCHED_RECORD_WAKEUP,
    SCHED_RECORD_LOST,
};

/* One record of a kernel ring. Strings and arrays are borrowed and valid during the call only. */
struct sched_record {
    enum sched_record_type type;
    uint64_t time; /* CLOCK_MONOTONIC ns */
    int32_t pid;   /* 0: only the thread is known (records of the whole machine) */
    int32_t tid;
    uint16_t cpu;

    uint64_t put_on_after; /* out: not 0 when its switch-in was not told; that was after this time */
    int32_t parent_pid;    /* fork */
    int32_t parent_tid;    /* fork */
    int32_t waker_tid;     /* wakeup */
    bool is_exec;          /* name */
    const char *text;      /* name: the name; module: the path */
    uint64_t base;         /* module */
    uint64_t size;         /* module */
    uint64_t offset;       /* module */
    const uint64_t *pcs;   /* sample */
    uint32_t pcs_count;    /* sample */
    uint64_t count;        /* lost: how many records */
};

struct sched_pairing;

/*
 * Borrows events, which must outlive the pairing. only_pid: records of other processes are dropped; 0: none
 * is. The caller frees with sched_pairing_free.
 */
struct sched_pairing *sched_pairing_new(const struct recorder_events *events, int32_t only_pid);

/*
 * Records come from the whole machine. Ours are those of threads that are known: the main thread of process
 * program_pid once it has called exec, whoever was introduced by sched_pairing_know_thread, and what these
 * create; all others are dropped. A switch of ours may come twice, from the tracepoint and, a little later,
 * from the program's own events.
 */
void sched_pairing_expect_strangers(struct sched_pairing *pairing, int32_t program_pid);
void sched_pairing_free(struct sched_pairing *pairing);

/*
 * Takes the next record. Emitted times never step back: a record that comes late (its time is before that of
 * one already seen) is emitted with the time of the latest; interval lengths stay those of the records.
 * A wake-up becomes part of the interval that it ends; a wake-up of a thread that is not known, or not off
 * its CPU, is dropped. So are the switches and samples of LTTng's own threads in the program, which are named
 * "*-ust".
 */
void sched_pairing_add(struct sched_pairing *pairing, const struct sched_record *record);

/*
 * Switch-ins of known threads that were not told: such a thread leaves a CPU (see put_on_after), or it wakes
 * another one or is sampled though it had been off. It is taken to have been put on the CPU as soon as it
 * could.
 */
uint64_t sched_pairing_missed_count(const struct sched_pairing *pairing);

/* A thread that exists already when the recording begins; nothing is known of its state. */
void sched_pairing_know_thread(struct sched_pairing *pairing, int32_t pid, int32_t tid);

/* The recording ends at `time`: threads that are off their CPU are emitted as open. */
void sched_pairing_finish(struct sched_pairing *pairing, uint64_t time);

/* When process pid ended, as far as records tell; 0: not known to have ended. */
uint64_t sched_pairing_process_end(const struct sched_pairing *pairing, int32_t pid);

/* Events emitted so far. */
uint64_t sched_pairing_emitted_count(const struct sched_pairing *pairing);

/* Records lost by the kernel so far. */
uint64_t sched_pairing_lost_count(const struct sched_pairing *pairing);

#endif
