/*
 * What C++20 waits with: threads that join, latches, barriers, semaphores, atomics, locks and conditions.
 * Each function wait_* waits ROUNDS times for what a partner thread does HOLD later, and measures it. Prints
 *
 *     FUNCTION KIND COUNT TOTAL_NS
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace
{

constexpr int ROUNDS = 8;
constexpr auto HOLD = 20ms;
constexpr auto FOR_EVER = 100s;

/* Numbers of rounds, from 1 on. */
std::atomic<int> prepared, begun, released, finished;

/* Polls, so that the meeting itself is no wait. */
void await(const std::atomic<int> &value, int wanted)
{
    while (value.load() != wanted)
        std::this_thread::sleep_for(100us);
}

Clock::duration measured(Clock::time_point start)
{
    return Clock::now() - start;
}

} // namespace

#define WAIT extern "C" __attribute__((noinline)) Clock::duration

static std::latch *latch;
static std::barrier<> two(2);
static std::counting_semaphore<> semaphore(0);
static std::binary_semaphore timed_semaphore(0);
static std::atomic<int> number;
static std::mutex mutex;
static std::timed_mutex timed_mutex;
static std::shared_mutex shared_mutex;
static std::condition_variable cond;
static std::condition_variable_any any_cond;
static bool is_set;
static std::jthread thread;

WAIT wait_join()
{
    auto start = Clock::now();
    thread.join();
    return measured(start);
}

WAIT wait_latch()
{
    auto start = Clock::now();
    latch->wait();
    return measured(start);
}

WAIT wait_barrier()
{
    auto start = Clock::now();
    two.arrive_and_wait();
    return measured(start);
}

WAIT wait_semaphore()
{
    auto start = Clock::now();
    semaphore.acquire();
    return measured(start);
}

WAIT wait_timed_semaphore()
{
    auto start = Clock::now();
    if (!timed_semaphore.try_acquire_for(FOR_EVER))
        std::abort();
    return measured(start);
}

WAIT wait_atomic()
{
    auto start = Clock::now();
    number.wait(0);
    return measured(start);
}

WAIT wait_mutex()
{
    auto start = Clock::now();
    std::unique_lock lock(mutex);
    return measured(start);
}

WAIT wait_timed_mutex()
{
    auto start = Clock::now();
    std::unique_lock lock(timed_mutex, FOR_EVER);
    return measured(start);
}

WAIT wait_shared_mutex()
{
    auto start = Clock::now();
    std::shared_lock lock(shared_mutex);
    return measured(start);
}

WAIT wait_cond()
{
    std::unique_lock lock(mutex);
    auto start = Clock::now();
    cond.wait(lock, [] { return is_set; });
    return measured(start);
}

WAIT wait_cond_for()
{
    std::unique_lock lock(mutex);
    auto start = Clock::now();
    cond.wait_for(lock, FOR_EVER, [] { return is_set; });
    return measured(start);
}

WAIT wait_any_cond()
{
    std::shared_lock lock(shared_mutex);
    auto start = Clock::now();
    any_cond.wait(lock, [] { return is_set; });
    return measured(start);
}

static void nothing()
{
}

static void set(auto &lock, auto &condition)
{
    lock.lock();
    is_set = true;
    lock.unlock();
    condition.notify_one();
}

struct step {
    const char *function, *kind;
    Clock::duration (*wait)();
    void (*prepare)(); /* both by the partner */
    void (*release)();
};

static const step steps[] = {
    {"wait_join", "join", wait_join,
     [] { thread = std::jthread([round = finished + 1] { await(released, round); }); }, nothing},
    {"wait_latch", "futex", wait_latch, [] { latch = new std::latch(1); }, [] { latch->count_down(); }},
    {"wait_barrier", "futex", wait_barrier, nothing, [] { two.arrive_and_wait(); }},
    {"wait_semaphore", "futex", wait_semaphore, nothing, [] { semaphore.release(); }},
    {"wait_timed_semaphore", "futex", wait_timed_semaphore, nothing, [] { timed_semaphore.release(); }},
    {"wait_atomic", "futex", wait_atomic, [] { number = 0; },
     [] {
         number = 1;
         number.notify_one();
     }},
    {"wait_mutex", "mutex", wait_mutex, [] { mutex.lock(); }, [] { mutex.unlock(); }},
    {"wait_timed_mutex", "mutex", wait_timed_mutex, [] { timed_mutex.lock(); }, [] { timed_mutex.unlock(); }},
    {"wait_shared_mutex", "rwlock", wait_shared_mutex, [] { shared_mutex.lock(); },
     [] { shared_mutex.unlock(); }},
    {"wait_cond", "cond", wait_cond, [] { is_set = false; }, [] { set(mutex, cond); }},
    {"wait_cond_for", "cond", wait_cond_for, [] { is_set = false; }, [] { set(mutex, cond); }},
    {"wait_any_cond", "cond", wait_any_cond, [] { is_set = false; }, [] { set(shared_mutex, any_cond); }},
};

static void be_partner()
{
    int round = 0;

    for (const step &step : steps) {
        for (int i = 0; i < ROUNDS; i++) {
            step.prepare();
            prepared = ++round;
            await(begun, round);
            std::this_thread::sleep_for(HOLD);
            released = round;
            step.release();
            await(finished, round);
        }
    }
}

int main()
{
    std::thread partner(be_partner);
    int round = 0;

    for (const step &step : steps) {
        Clock::duration total{};

        for (int i = 0; i < ROUNDS; i++) {
            await(prepared, ++round);
            begun = round;
            total += step.wait();
            finished = round;
        }
        std::printf("%s %s %d %lld\n", step.function, step.kind, ROUNDS,
                    static_cast<long long>(std::chrono::nanoseconds(total).count()));
    }
    partner.join();
    return 0;
}
