/*
 * Owns the thread that writes and the buffers on their way to it. Called by output.c on the main thread.
 *
 * A buffer handed over stands in the queue until it is written; its place is taken by a spare one. So there
 * are never more jobs than spare buffers, and memory does not depend on how slow the disk is.
 */
#include "viewer_export/output_writer.h"

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

#define SPARE_BUFFERS 3u

struct job {
    struct output_target *target;
    uint8_t *buffer;
    size_t count;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work, done; /* for the thread; for the main thread */
    pthread_t thread;
    bool is_running, is_stopping;
    unsigned users; /* main thread only */
    output_write_function write;
    struct job jobs[SPARE_BUFFERS]; /* a ring; the first is being written */
    unsigned first_job, job_count;
    uint8_t *spares[SPARE_BUFFERS];
    unsigned spare_count;
} writer = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static void *writer_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&writer.mutex);
    for (;;) {
        while (writer.job_count == 0 && !writer.is_stopping)
            pthread_cond_wait(&writer.work, &writer.mutex);
        if (writer.job_count == 0)
            break;
        const struct job job = writer.jobs[writer.first_job];
        pthread_mutex_unlock(&writer.mutex);
        writer.write(job.target, job.buffer, job.count);
        pthread_mutex_lock(&writer.mutex);
        writer.first_job = (writer.first_job + 1) % SPARE_BUFFERS;
        writer.job_count--;
        writer.spares[writer.spare_count++] = job.buffer;
        pthread_cond_signal(&writer.done);
    }
    pthread_mutex_unlock(&writer.mutex);
    return NULL;
}

void output_writer_acquire(size_t buffer_bytes, output_write_function write)
{
    if (writer.users++ > 0)
        return;
    writer.write = write;
    for (writer.spare_count = 0; writer.spare_count < SPARE_BUFFERS; writer.spare_count++)
        writer.spares[writer.spare_count] = g_malloc(buffer_bytes);
}

void output_writer_release(void)
{
    if (--writer.users > 0)
        return;
    if (writer.is_running) {
        pthread_mutex_lock(&writer.mutex);
        writer.is_stopping = true;
        pthread_cond_signal(&writer.work);
        pthread_mutex_unlock(&writer.mutex);
        pthread_join(writer.thread, NULL);
        writer.is_running = writer.is_stopping = false;
    }
    while (writer.spare_count > 0)
        g_free(writer.spares[--writer.spare_count]);
}

uint8_t *output_writer_hand_over(struct output_target *target, uint8_t *buffer, size_t count)
{
    if (!writer.is_running)
        writer.is_running = pthread_create(&writer.thread, NULL, writer_main, NULL) == 0;
    if (!writer.is_running) {
        writer.write(target, buffer, count);
        return buffer;
    }

    pthread_mutex_lock(&writer.mutex);
    while (writer.spare_count == 0)
        pthread_cond_wait(&writer.done, &writer.mutex);
    uint8_t *spare = writer.spares[--writer.spare_count];
    writer.jobs[(writer.first_job + writer.job_count++) % SPARE_BUFFERS] =
        (struct job){.target = target, .buffer = buffer, .count = count};
    pthread_cond_signal(&writer.work);
    pthread_mutex_unlock(&writer.mutex);
    return spare;
}

/* With the mutex held. */
static bool has_job(const struct output_target *target)
{
    for (unsigned i = 0; i < writer.job_count; i++) {
        if (writer.jobs[(writer.first_job + i) % SPARE_BUFFERS].target == target)
            return true;
    }
    return false;
}

void output_writer_wait(const struct output_target *target)
{
    pthread_mutex_lock(&writer.mutex);
    while (has_job(target))
        pthread_cond_wait(&writer.done, &writer.mutex);
    pthread_mutex_unlock(&writer.mutex);
}
