/*
 * See tracer_environment.h. Runs in the constructor and in forked children, both with one thread that
 * matters.
 */
#include "tracepoints/tracer_environment.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES 256u
/* How far above the first frame the kernel puts the environment: its limit for a string is 128 KiB, for all
 * of them a quarter of the stack's. */
#define ENVIRONMENT_BYTES (UINT64_C(2) << 20)

struct remembered {
    const char *name;
    char *place;  /* in the program's environment; NULL: not set, or not in the kernel's */
    size_t bytes; /* with the zero */
    char value[VALUE_BYTES];
    char program[VALUE_BYTES]; /* what the program has at this place */
};

extern void *__libc_stack_end;

static struct remembered variables[] = {
    {.name = "LTTNG_HOME"},
    {.name = "HOME"},
    {.name = "LTTNG_UST_REGISTER_TIMEOUT"},
    {.name = "LTTNG_UST_ALLOW_BLOCKING"},
};

/* Memory that the kernel filled is there for ever; what somebody else has put into the environment may not
 * be. */
static int is_of_the_kernel(const char *place)
{
    uintptr_t first_frame = (uintptr_t)__libc_stack_end;

    return (uintptr_t)place > first_frame && (uintptr_t)place - first_frame < ENVIRONMENT_BYTES;
}

void tracer_environment_remember(void)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        struct remembered *variable = &variables[i];
        char *value = getenv(variable->name);

        if (value == NULL || !is_of_the_kernel(value) || strlen(value) >= VALUE_BYTES)
            continue;
        variable->bytes = strlen(value) + 1;
        memcpy(variable->value, value, variable->bytes);
        variable->place = value;
    }
}

void tracer_environment_enter(void)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        struct remembered *variable = &variables[i];

        if (variable->place == NULL)
            continue;
        memcpy(variable->program, variable->place, variable->bytes);
        memcpy(variable->place, variable->value, variable->bytes);
    }
}

void tracer_environment_leave(void)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const struct remembered *variable = &variables[i];

        if (variable->place != NULL)
            memcpy(variable->place, variable->program, variable->bytes);
    }
}
