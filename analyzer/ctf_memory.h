/*
 * How the C library gets memory from the kernel while a trace is read: in large steps, and in huge pages
 * where the kernel has them. babeltrace2 makes objects of everything the metadata says, once in each graph; a
 * page at a time, that is a third of the time it takes to open a kernel trace, and threads stand in each
 * other's way.
 *
 * Advice only: nothing depends on it.
 */
#ifndef ANALYZER_CTF_MEMORY_H
#define ANALYZER_CTF_MEMORY_H

/* For the process: before the threads that use babeltrace2 are started. */
void ctf_memory_begin(void);
/* For what the calling thread will allocate. */
void ctf_memory_enter_thread(void);

#endif
