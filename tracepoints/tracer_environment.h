/*
 * The environment as LTTng remembers it. LTTng-UST keeps pointers into the environment that the kernel made
 * and reads them again in every forked child; a program that shows its state in its command line
 * (setproctitle: nginx and others) has written over it by then, and its children would not find their session
 * daemon.
 */
#ifndef EXECTRACE_TRACER_ENVIRONMENT_H
#define EXECTRACE_TRACER_ENVIRONMENT_H

/* From the constructor: keeps copies of LTTng's variables. */
void tracer_environment_remember(void);

/* In a forked child, which has one thread: puts the copies where they were, until tracer_environment_leave.
 */
void tracer_environment_enter(void);

/* Puts back what the program has there. */
void tracer_environment_leave(void);

#endif
