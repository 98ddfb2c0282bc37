// A C++ thread pool: bench_pool JOBS. Three workers take jobs of some microseconds from one queue.
// Started by tests/bench/run, see bench_timer.h.
#include "bench_timer.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

static std::mutex mutex;
static std::condition_variable changed;
static std::deque<std::function<void()>> jobs;
static bool ended;
static std::atomic<long> sink;

static void work()
{
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [] { return ended || !jobs.empty(); });
            if (jobs.empty())
                return;
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        job();
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: bench_pool JOBS\n";
        return 2;
    }
    long count = std::strtol(argv[1], nullptr, 10);
    std::vector<std::thread> workers;
    bench_timer timer = bench_timer_start();

    for (int i = 0; i < 3; i++)
        workers.emplace_back(work);
    for (long i = 0; i < count; i++) {
        {
            std::lock_guard guard(mutex);
            jobs.push_back([i] {
                std::vector<long> values(64, i);
                for (int j = 0; j < 3000; j++)
                    values[j % 64] ^= j;
                sink += values[5];
            });
        }
        changed.notify_one();
    }
    {
        std::lock_guard guard(mutex);
        ended = true;
    }
    changed.notify_all();
    for (auto &worker : workers)
        worker.join();
    bench_timer_print(&timer, count);
    return 0;
}
