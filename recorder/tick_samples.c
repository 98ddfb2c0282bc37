/* The kernel's tick as a clock for samples: see tick_samples.h. */
#include "recorder/tick_samples.h"

#include "recorder/sched_tracepoints.h"

#include <glib.h>
#include <string.h>
#include <time.h>

#define DEVICE_FILE "/sys/devices/system/clockevents/clockevent0/current_device"
#define TICKLESS_FILE "/sys/devices/system/cpu/nohz_full"

/* Other devices (of some hypervisors) have interrupts of their own. */
static bool is_local_timer_used(void)
{
    g_autofree char *device = NULL;

    return g_file_get_contents(DEVICE_FILE, &device, NULL, NULL) && g_str_has_prefix(device, "lapic");
}

/* CPUs that have no tick while one thread runs alone. */
static bool has_tickless_cpus(void)
{
    g_autofree char *cpus = NULL;

    return g_file_get_contents(TICKLESS_FILE, &cpus, NULL, NULL) && strpbrk(cpus, "0123456789") != NULL;
}

/* The coarse clock goes on with each tick. */
static unsigned tick_hz(void)
{
    struct timespec resolution;

    if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_sec != 0 ||
        resolution.tv_nsec <= 0)
        return 0;

    return 1000000000u / (unsigned)resolution.tv_nsec;
}

bool tick_samples_find(unsigned hz, struct tick_samples *samples)
{
    if (hz == 0 || tick_hz() == 0 || !is_local_timer_used() || has_tickless_cpus())
        return false;

    samples->tracepoint_id = sched_tracepoints_find_id("irq_vectors/local_timer_entry");
    samples->period = MAX(tick_hz() / hz, 1);
    return samples->tracepoint_id != 0;
}
