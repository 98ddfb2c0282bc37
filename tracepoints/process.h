/*
 * The end of a process image: owned by process_end.c, called by the library's destructor and by whatever ends
 * the image without it.
 */
#ifndef EXECTRACE_PROCESS_H
#define EXECTRACE_PROCESS_H

/*
 * Tells again, once a second, what process this is and how the calling thread is called: so that a reader
 * that sees only a part of a recording knows. Inside the guard.
 */
void process_introduce_again(void);

/*
 * The process is about to end: emits all sums and what is in flight, and closes the guard. Once; any thread;
 * async-signal-safe. Does nothing in a vfork child, which shares its parent's memory.
 */
void process_report_end(void);

/*
 * This is a copy of the process that was made without fork handlers: LTTng takes it for the parent, and so
 * would our events and the parent's state file. It records nothing until it calls exec.
 */
void process_is_unheard_copy(void);

/* Constructor and fork child: whose process this is, to tell a vfork child. */
void process_remember_pid(void);

#endif
