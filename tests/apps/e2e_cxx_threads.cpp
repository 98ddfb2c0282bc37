// A C++ program of the usual kind: a thread pool on std::mutex and std::condition_variable, std::async tasks
// that contend for accounts, a C++20 semaphore and an exception that leaves a locked scope. Prints the same
// line always.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

class account
{
  public:
    void deposit(int amount)
    {
        std::lock_guard guard(mutex_);
        balance_ += amount;
        has_funds_.notify_all();
    }

    [[gnu::noinline]] int wait_for_funds(int amount)
    {
        std::unique_lock lock(mutex_);
        has_funds_.wait(lock, [&] { return balance_ >= amount; });
        return balance_ -= amount;
    }

  private:
    std::mutex mutex_;
    std::condition_variable has_funds_;
    int balance_ = 0;
};

static std::mutex ledger;
static long transferred;

[[gnu::noinline]] static int transfer(int amount)
{
    std::lock_guard guard(ledger);

    std::this_thread::sleep_for(500us);
    if (amount % 10 == 7)
        throw std::runtime_error("seven");
    transferred += amount;
    return amount;
}

class pool
{
  public:
    explicit pool(int size)
    {
        for (int i = 0; i < size; i++)
            threads_.emplace_back([this] { run(); });
    }

    ~pool()
    {
        {
            std::lock_guard guard(mutex_);
            ended_ = true;
        }
        changed_.notify_all();
        for (auto &thread : threads_)
            thread.join();
    }

    void add(std::function<void()> job)
    {
        {
            std::lock_guard guard(mutex_);
            jobs_.push_back(std::move(job));
        }
        changed_.notify_one();
    }

  private:
    [[gnu::noinline]] bool take_job(std::function<void()> &job)
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
        if (jobs_.empty())
            return false;
        job = std::move(jobs_.front());
        jobs_.pop_front();
        return true;
    }

    void run()
    {
        std::function<void()> job;

        while (take_job(job))
            job();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    bool ended_ = false;
    std::vector<std::thread> threads_;
};

int main()
{
    account shared;
    std::counting_semaphore<8> permits(2);
    std::atomic<int> sevens = 0;
    long sum = 0;

    {
        pool workers(3);

        for (int i = 0; i < 60; i++)
            workers.add([&, i] {
                permits.acquire();
                try {
                    transfer(i);
                } catch (const std::runtime_error &) {
                    sevens++;
                }
                permits.release();
                shared.deposit(1);
            });
        auto spender = std::async(std::launch::async, [&] { return shared.wait_for_funds(60); });
        std::vector<std::future<int>> tasks;
        for (int i = 0; i < 6; i++)
            tasks.push_back(std::async(std::launch::async, transfer, 100 + i));
        for (auto &task : tasks)
            sum += task.get();
        sum += spender.get();
    }
    std::cout << "transferred " << transferred << " sum " << sum << " sevens " << sevens << "\n";
    return 0;
}
