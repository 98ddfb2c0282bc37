/*
 * SHOW(expression): prints an expression, its value and errno after it, numbered; errno is 77 before. Include
 * it once in a program; where the lines go is SHOW_STREAM, stdout unless defined before.
 */
#ifndef EXECTRACE_TESTS_SHOW_H
#define EXECTRACE_TESTS_SHOW_H

#include <errno.h>
#include <stdio.h>

#ifndef SHOW_STREAM
#define SHOW_STREAM stdout
#endif

static int show_count;

#define SHOW(expression)                                                                                     \
    do {                                                                                                     \
        errno = 77;                                                                                          \
        long returned = (long)(expression);                                                                  \
        int error = errno;                                                                                   \
        fprintf(SHOW_STREAM, "%3d %s = %ld, errno %d\n", ++show_count, #expression, returned, error);        \
        fflush(SHOW_STREAM);                                                                                 \
    } while (0)

#endif
