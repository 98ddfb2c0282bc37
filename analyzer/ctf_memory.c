/*
 * Settings of malloc, and advice to the kernel: see ctf_memory.h. begin is called on the reader's thread,
 * enter_thread on each that builds a graph.
 */
#include "analyzer/ctf_memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <glib.h>

/* What a kernel trace's metadata becomes; not touched before it is needed. */
#define STEP_BYTES (16 << 20)
/* More than a heap that just began has left, less than what malloc maps apart. */
#define PROBE_BYTES (120 << 10)

void ctf_memory_begin(void)
{
    mallopt(M_TOP_PAD, STEP_BYTES);
}

/* A thread's heap (the first one's: the data segment) has just grown by a step, which begins with the probe.
 */
void ctf_memory_enter_thread(void)
{
    char *probe = g_malloc(PROBE_BYTES);
    uintptr_t page = (uintptr_t)getpagesize(), start = ((uintptr_t)probe + page - 1) / page * page;

    madvise((void *)start, STEP_BYTES, MADV_HUGEPAGE);
    g_free(probe);
}
