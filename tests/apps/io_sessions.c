/*
 * Short system calls on demand: for every 'a' on standard input 1000 times getrandom, for every 'b' 500 times
 * access; prints "done" after each, and ends when the input does.
 */
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

static int ask(char what)
{
    unsigned char byte;
    int failures = 0;

    for (int i = 0; i < 1000 && what == 'a'; i++)
        failures += getrandom(&byte, 1, 0) != 1;
    for (int i = 0; i < 500 && what == 'b'; i++)
        failures += access("/", F_OK) != 0;
    return failures;
}

int main(void)
{
    char what;

    while (read(0, &what, 1) == 1) {
        puts(ask(what) == 0 ? "done" : "failed");
        fflush(stdout);
    }
    return 0;
}
