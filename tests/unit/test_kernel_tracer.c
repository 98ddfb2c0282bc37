/* recorder/kernel_tracer.c: what it asks of LTTng, and what it says when LTTng refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "recorder/kernel_tracer.h"

#include <lttng/lttng.h>
#include <stdlib.h>
#include <string.h>

/* What was asked of LTTng; the linker puts these functions in front of its own. */
static struct lttng_channel_attr channel_attr;
static char channel_name[LTTNG_SYMBOL_NAME_LEN];
static int channel_code;
static unsigned event_count;
static unsigned refused_event; /* from 1; 0: none */
static char event_names[16][LTTNG_SYMBOL_NAME_LEN];
static bool is_kernel;

struct lttng_handle *__wrap_lttng_create_handle(const char *session_name, struct lttng_domain *domain);
void __wrap_lttng_destroy_handle(struct lttng_handle *handle);
int __wrap_lttng_enable_channel(struct lttng_handle *handle, struct lttng_channel *channel);
int __wrap_lttng_enable_event(struct lttng_handle *handle, struct lttng_event *event, const char *channel);
int __wrap_lttng_list_channels(struct lttng_handle *handle, struct lttng_channel **channels);
int __wrap_lttng_channel_get_discarded_event_count(struct lttng_channel *channel, uint64_t *count);

struct lttng_handle *__wrap_lttng_create_handle(const char *session_name, struct lttng_domain *domain)
{
    assert_string_equal(session_name, "session");
    is_kernel = domain->type == LTTNG_DOMAIN_KERNEL;
    return calloc(1, sizeof(struct lttng_handle));
}

void __wrap_lttng_destroy_handle(struct lttng_handle *handle)
{
    free(handle);
}

int __wrap_lttng_enable_channel(struct lttng_handle *handle, struct lttng_channel *channel)
{
    (void)handle;
    channel_attr = channel->attr;
    g_strlcpy(channel_name, channel->name, sizeof(channel_name));
    return channel_code;
}

int __wrap_lttng_enable_event(struct lttng_handle *handle, struct lttng_event *event, const char *channel)
{
    (void)handle;
    assert_string_equal(channel, channel_name);
    assert_true(event_count < G_N_ELEMENTS(event_names));
    g_strlcpy(event_names[event_count++], event->name, sizeof(event_names[0]));
    return event_count == refused_event ? -LTTNG_ERR_KERN_ENABLE_FAIL : 0;
}

int __wrap_lttng_list_channels(struct lttng_handle *handle, struct lttng_channel **channels)
{
    (void)handle;
    *channels = calloc(2, sizeof(**channels));
    return 2;
}

int __wrap_lttng_channel_get_discarded_event_count(struct lttng_channel *channel, uint64_t *count)
{
    (void)channel;
    *count = 21;
    return 0;
}

static const struct kernel_tracer_channel settings = {
    .subbuffer_bytes = 1 << 19, .subbuffer_count = 8, .switch_timer_us = 1000000};

static int set_up(void **state)
{
    (void)state;
    memset(&channel_attr, 0, sizeof(channel_attr));
    channel_code = 0;
    event_count = refused_event = 0;
    return kernel_tracer_add_channel("session", &settings, NULL) ? 0 : -1;
}

static bool has_event(const char *name)
{
    for (unsigned i = 0; i < event_count; i++) {
        if (strcmp(event_names[i], name) == 0)
            return true;
    }

    return false;
}

static void test_kernel_tracer__channel_is_the_kernels_and_keeps_the_oldest(void **state)
{
    (void)state;
    assert_true(is_kernel);
    assert_int_equal(channel_attr.overwrite, 0);
    assert_int_equal(channel_attr.subbuf_size, 1 << 19);
    assert_int_equal(channel_attr.num_subbuf, 8);
    assert_int_equal(channel_attr.switch_timer_interval, 1000000);
    assert_int_equal(event_count, 0); /* nothing is recorded yet */
}

static void test_kernel_tracer__snapshot_keeps_the_latest(void **state)
{
    struct kernel_tracer_channel snapshot = settings;

    (void)state;
    snapshot.is_snapshot = true;
    assert_true(kernel_tracer_add_channel("session", &snapshot, NULL));
    assert_int_equal(channel_attr.overwrite, 1);
}

static void test_kernel_tracer__refusal_is_one_sentence(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    channel_code = -LTTNG_ERR_NEED_ROOT_SESSIOND;
    assert_false(kernel_tracer_add_channel("session", &settings, &error));
    assert_non_null(strstr(error->message, "group \"tracing\""));
    assert_null(strchr(error->message, '\n'));
    assert_false(kernel_tracer_add_channel("session", &settings, NULL));
}

static void test_kernel_tracer__start_records_what_states_and_latencies_need(void **state)
{
    (void)state;
    assert_true(kernel_tracer_start("session", NULL));
    assert_true(has_event("sched_switch"));
    assert_true(has_event("sched_waking"));
    assert_true(has_event("sched_wakeup_new"));
    assert_true(has_event("sched_process_fork"));
    assert_true(has_event("sched_process_exec"));
    assert_true(has_event("sched_process_exit"));
    assert_int_equal(event_count, 6);
}

static void test_kernel_tracer__event_that_is_refused_ends_it(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    refused_event = 2;
    assert_false(kernel_tracer_start("session", &error));
    assert_int_equal(event_count, 2);
    assert_non_null(error);
}

static void test_kernel_tracer__losses_of_all_channels_count(void **state)
{
    (void)state;
    assert_int_equal(kernel_tracer_lost_count("session"), 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_kernel_tracer__channel_is_the_kernels_and_keeps_the_oldest, set_up),
        cmocka_unit_test_setup(test_kernel_tracer__snapshot_keeps_the_latest, set_up),
        cmocka_unit_test_setup(test_kernel_tracer__refusal_is_one_sentence, set_up),
        cmocka_unit_test_setup(test_kernel_tracer__start_records_what_states_and_latencies_need, set_up),
        cmocka_unit_test_setup(test_kernel_tracer__event_that_is_refused_ends_it, set_up),
        cmocka_unit_test_setup(test_kernel_tracer__losses_of_all_channels_count, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
