/* The kernel's tick as a clock for samples: see tick_samples.h. */
#include "recorder/tick_samples.h"

#include "recorder/sched_tracepoints.h"

#include <glib.h>
#include <string.h>
#include <time.h>

#define DEVICE_FILE "/sys/devices/system/clockevents/clockevent0/current_device"
#define TICKLESS_FILE "/sys/devices/system/cpu/nohz_full"
#define NS_PER_SECOND UINT64_C(1000000000)

/* Other devices (of some hypervisors) have interrupts of their own. */
static bool is_local_timer(const char *device)
{
    return device && g_str_has_prefix(device, "lapic");
}

/* "(null)" or an empty line: none. */
static bool has_cpus(const char *list)
{
    return list && strpbrk(list, "0123456789") != NULL;
}

bool tick_samples_choose(const struct tick_facts *facts, unsigned hz, struct tick_samples *samples)
{
    if (hz == 0 || facts->tick_ns == 0 || facts->tracepoint_id == 0 || !is_local_timer(facts->device) ||
        has_cpus(facts->tickless_cpus))
        return false;

    samples->tracepoint_id = facts->tracepoint_id;
    samples->period = (unsigned)MAX(NS_PER_SECOND / facts->tick_ns / hz, 1);
    return true;
}

/* The coarse clock goes on with each tick. */
static uint64_t find_tick_ns(void)
{
    struct timespec resolution;

    if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_sec != 0)
        return 0;

    return (uint64_t)resolution.tv_nsec;
}

bool tick_samples_find(unsigned hz, struct tick_samples *samples)
{
    g_autofree char *device = NULL, *tickless_cpus = NULL;

    g_file_get_contents(DEVICE_FILE, &device, NULL, NULL);
    g_file_get_contents(TICKLESS_FILE, &tickless_cpus, NULL, NULL);

    const struct tick_facts facts = {
        .device = device,
        .tickless_cpus = tickless_cpus,
        .tick_ns = find_tick_ns(),
        .tracepoint_id = sched_tracepoints_find_id("irq_vectors/local_timer_entry"),
    };

    return tick_samples_choose(&facts, hz, samples);
}
