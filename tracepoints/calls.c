/*
 * One wrapped blocking call: see calls.h. Runs on the calling thread, also in signal handlers.
 */
#include "tracepoints/calls.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tracepoints/clock.h"
#include "tracepoints/raw_syscall.h"
#include "tracepoints/settings.h"
#include "tracepoints/stacks.h"
#include "tracepoints/threads.h"

/* A call at least this long is worth having its stack taken before the next one of its number. */
#define LONG_NS UINT64_C(1000000)

/* Remembers whether the call was as long as calls of its number usually are. */
static void learn(struct thread_block *thread, const struct call *call, uint64_t duration_ns)
{
    uint64_t *unusual = &thread->call_sums.unusual;
    bool is_unusual = call->usually_waits != (duration_ns >= LONG_NS);

    if (unlikely((*unusual >> (call->number % 64) & 1) != is_unusual))
        *unusual ^= UINT64_C(1) << (call->number % 64);
}

/* The call's stack before it, so that an operation that never ends has one. */
static __attribute__((noinline)) void take_stack(struct call *call)
{
    int saved_errno = errno;

    call->stack = stacks_take_early(call->thread, call->start_ns);
    errno = saved_errno;
}

bool call_begin_expecting(struct call *call, uint16_t number, bool usually_waits, struct call_target target,
                          const void *site)
{
    struct thread_block *thread;

    call->is_open = false;
    /* LTTng's code runs on the program's threads too, with locks held that an event may need. */
    if (unlikely(threads_is_tracer_code(site)) || (thread = guard_enter()) == NULL)
        return false;

    call->thread = thread;
    guard_hold_cancel_inside(thread, &thread->slot->operation);
    call->start_ns = clock_now_ns();
    call->number = number;
    call->target = target;
    call->usually_waits = usually_waits;
    /* The stack is taken before a call that is expected to be long, and after any other, when it counts. */
    call->stack = 0;
    if (call_is_expected_long(number, usually_waits))
        take_stack(call);
    struct state_operation operation = {
        .operation = EXECTRACE_OPERATION_SYSCALL,
        .fd_kind = (uint8_t)target.kind,
        .number = number,
        .fd = target.fd,
        .stack = call->stack,
        .start_ns = call->start_ns,
        .leaf_pc = (uintptr_t)site,
    };
    operation_begin(thread, &operation, &call->outer);
    call->is_open = true;
    guard_leave();
    return true;
}

/*
 * The number of the current session: LTTng gives the tracepoint a new list of probes whenever a session
 * begins to record it. Two threads that see the change at once may count it twice, which does no harm.
 */
static uint32_t session_number(void)
{
    static void *_Atomic last_probes;
    static _Atomic uint32_t number;
    void *probes = (void *)lttng_ust_tracepoint_exectrace_syscall___call.probes;

    if (probes != atomic_load_explicit(&last_probes, memory_order_relaxed)) {
        atomic_store_explicit(&last_probes, probes, memory_order_relaxed);
        atomic_fetch_add_explicit(&number, 1, memory_order_relaxed);
    }
    return atomic_load_explicit(&number, memory_order_relaxed);
}

/* The remote address of a socket, once per life of its descriptor and session. */
static void announce_peer(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } peer;
    socklen_t length = sizeof peer;
    const uint8_t *address = (const uint8_t *)peer.un.sun_path;
    uint32_t count = 0;
    uint16_t port = 0;

    if (raw_question3(SYS_getpeername, fd, (long)&peer, (long)&length) != 0 || length < sizeof(sa_family_t))
        return;

    switch (peer.any.sa_family) {
    case AF_INET:
        address = (const uint8_t *)&peer.in.sin_addr;
        count = sizeof peer.in.sin_addr;
        port = ntohs(peer.in.sin_port);
        break;
    case AF_INET6:
        address = (const uint8_t *)&peer.in6.sin6_addr;
        count = sizeof peer.in6.sin6_addr;
        port = ntohs(peer.in6.sin6_port);
        break;
    case AF_UNIX:
        count = length - (socklen_t)sizeof(sa_family_t);
        if (count > sizeof peer.un.sun_path)
            count = sizeof peer.un.sun_path;
        if (count > 0 && address[0] != '\0')
            count = (uint32_t)strnlen((const char *)address, count);
        break;
    default:
        break;
    }
    lttng_ust_tracepoint(exectrace_syscall, peer, fd, peer.any.sa_family, port, address, count);
}

/* A connect that goes on in the background has no peer yet. */
static bool may_have_peer(const struct call *call, int64_t result)
{
    return call->number != SYS_connect || result == 0;
}

/* stdio may count more than the kernel does at once. */
static int32_t event_result(int64_t result)
{
    return result > INT32_MAX ? INT32_MAX : (int32_t)result;
}

/* The call counts: an event. */
static void emit(struct thread_block *thread, struct call *call, int64_t result, uint64_t now_ns,
                 uint64_t duration_ns)
{
    if (call->stack == 0)
        call->stack = stacks_take(thread, now_ns);
    else
        call->stack = stacks_renew(thread, call->stack, now_ns);
    if (call->target.kind == EXECTRACE_FD_SOCKET && TRACING(exectrace_syscall, peer) &&
        may_have_peer(call, result) && fd_kinds_take_peer(call->target.fd, session_number()))
        announce_peer(call->target.fd);
    lttng_ust_tracepoint(exectrace_syscall, call, call->number, call->target.fd, (uint8_t)call->target.kind,
                         event_result(result), duration_ns, call->stack);
}

/* Whatever call_end() can't do quickly. */
static __attribute__((noinline)) void record(struct call *call, int64_t result, uint64_t now_ns,
                                             uint64_t duration_ns)
{
    int saved_errno = errno;

    if (duration_ns < settings.syscall_threshold_ns)
        call_sums_add(call->thread, call_sums_key(call->number, call->target.kind), now_ns, duration_ns,
                      result < 0);
    else
        emit(call->thread, call, result, now_ns, duration_ns);
    errno = saved_errno;
}

void call_end(struct call *call, int64_t result)
{
    struct thread_block *thread = call->thread;
    uint64_t now_ns, duration_ns;

    call->is_open = false;
    if (unlikely(guard_words.role != GUARD_TRACED)) {
        if (guard_enter() == NULL)
            return;
    } else if (unlikely(!guard_is_open)) {
        return;
    }
    guard_words.level = 1;
    guard_hold_cancel_inside(thread, &call->outer);
    operation_end(thread, &call->outer);
    now_ns = clock_now_ns();
    /* The clock may step back a few nanoseconds: see clock.h. */
    duration_ns = now_ns > call->start_ns ? now_ns - call->start_ns : 0;
    learn(thread, call, duration_ns);
    if (unlikely(duration_ns >= settings.syscall_threshold_ns || result < 0) ||
        !call_sums_add_quickly(&thread->call_sums, call_sums_key(call->number, call->target.kind), now_ns,
                               duration_ns))
        record(call, result, now_ns, duration_ns);
    guard_leave();
}
