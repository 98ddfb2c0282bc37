// Exceptions that pass through wrapped calls (call_once, thread starts, std::async), and C++'s own locks
// under contention. The same bare, preloaded and recorded.
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <future>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::once_flag once;
static pthread_once_t posix_once = PTHREAD_ONCE_INIT;
static int attempts;

static void fail_twice()
{
    if (++attempts < 3)
        throw std::runtime_error("not yet");
}

static void show_once()
{
    for (int i = 0; i < 4; i++) {
        try {
            std::call_once(once, fail_twice);
            std::printf("call_once: done after %d attempts\n", attempts);
        } catch (const std::exception &error) {
            std::printf("call_once: %s\n", error.what());
        }
    }
    attempts = 0;
    for (int i = 0; i < 4; i++) {
        try {
            pthread_once(&posix_once, fail_twice);
            std::printf("pthread_once: done after %d attempts\n", attempts);
        } catch (const std::exception &error) {
            std::printf("pthread_once: %s\n", error.what());
        }
    }
}

static void show_async()
{
    std::vector<std::future<int>> results;

    for (int i = 0; i < 20; i++)
        results.push_back(std::async(std::launch::async, [i] {
            if (i % 5 == 4)
                throw std::out_of_range("fifth");
            return i;
        }));
    int sum = 0, thrown = 0;
    for (auto &result : results) {
        try {
            sum += result.get();
        } catch (const std::out_of_range &) {
            thrown++;
        }
    }
    std::printf("async: sum %d, thrown %d\n", sum, thrown);
}

static void show_locks()
{
    std::mutex mutex;
    std::recursive_timed_mutex timed;
    std::shared_mutex shared;
    std::condition_variable_any ready;
    std::counting_semaphore<8> semaphore(0);
    std::vector<std::thread> threads;
    long sum = 0;
    int arrived = 0;

    for (int i = 0; i < 8; i++)
        threads.emplace_back([&] {
            semaphore.acquire();
            for (int j = 0; j < 2000; j++) {
                std::scoped_lock lock(mutex, timed);
                std::lock_guard<std::recursive_timed_mutex> again(timed);
                sum++;
            }
            std::unique_lock<std::shared_mutex> lock(shared);
            arrived++;
            ready.notify_all();
        });
    semaphore.release(8);
    {
        std::shared_lock<std::shared_mutex> lock(shared);
        ready.wait(lock, [&] { return arrived == 8; });
    }
    for (auto &thread : threads)
        thread.join();
    std::printf("locks: sum %ld, arrived %d\n", sum, arrived);
}

int main()
{
    show_once();
    show_async();
    show_locks();
    return 0;
}
