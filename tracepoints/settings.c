/* The library's settings: see settings.h. Runs in the constructor. */
#include "tracepoints/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "tracepoints/contract.h"
#include "tracepoints/stacks.h"

struct settings settings = {
    .wait_threshold_ns = 5000,
    /* As Go's runtime has it. To send through the loopback interface takes about 10 us. */
    .syscall_threshold_ns = 20000,
    .alloc_mean_bytes = 512 * 1024,
    .stack_depth = STACKS_MAX_DEPTH,
    .follow = true,
};

/* A decimal number that fills the whole string and is at most `limit`. */
static void read_number(const char *name, uint64_t limit, uint64_t *value)
{
    const char *text = getenv(name);
    uint64_t number = 0;

    if (text == NULL || *text == '\0')
        return;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || number > limit)
            return;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    if (number <= limit)
        *value = number;
}

static void read_alloc(void)
{
    const char *text = getenv(EXECTRACE_ENV_ALLOC);

    if (text != NULL && strcmp(text, "off") == 0)
        settings.alloc_mean_bytes = 0;
    else if (text != NULL && strcmp(text, "all") == 0)
        settings.alloc_mean_bytes = 1;
    else
        read_number(EXECTRACE_ENV_ALLOC, UINT64_C(1) << 40, &settings.alloc_mean_bytes);
}

void settings_read(void)
{
    uint64_t depth = settings.stack_depth;
    const char *text;

    if (getauxval(AT_SECURE) != 0)
        return;
    read_number(EXECTRACE_ENV_WAIT_THRESHOLD, UINT64_C(3600000000000), &settings.wait_threshold_ns);
    read_number(EXECTRACE_ENV_SYSCALL_THRESHOLD, UINT64_C(3600000000000), &settings.syscall_threshold_ns);
    read_number(EXECTRACE_ENV_STACKS, STACKS_MAX_DEPTH, &depth);
    settings.stack_depth = (uint32_t)depth;
    read_alloc();
    text = getenv(EXECTRACE_ENV_FOLLOW);
    settings.follow = text == NULL || strcmp(text, "none") != 0;
    text = getenv(EXECTRACE_ENV_ADMISSION);
    settings.needs_admission = text != NULL && strcmp(text, "1") == 0;
    text = getenv(EXECTRACE_ENV_STATE);
    if (text != NULL && strlen(text) < sizeof(settings.state_directory))
        strcpy(settings.state_directory, text);
}
