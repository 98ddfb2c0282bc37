/*
 * A timer of SIGEV_THREAD: libc's own thread waits for it with all signals blocked, allocates, and starts a
 * thread for every expiry. Bare, preloaded and recorded, twenty expiries arrive and the program ends by
 * itself.
 */
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static sem_t arrived;

static void expired(union sigval value)
{
    if (value.sival_int == 42)
        sem_post(&arrived);
}

int main(void)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 42, .sigev_notify_function = expired};
    struct itimerspec every = {.it_value.tv_nsec = 2000000, .it_interval.tv_nsec = 2000000};
    timer_t timer;

    sem_init(&arrived, 0, 0);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &every, NULL) != 0) {
        perror("timer");
        return 1;
    }
    for (int i = 0; i < 20; i++)
        sem_wait(&arrived);
    puts("twenty expiries");
    return 0;
}
