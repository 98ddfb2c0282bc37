/*
 * A program that is linked with the library itself, so that the loader does not leave the library out in
 * secure execution. Prints whether this is one.
 */
#include <stdio.h>
#include <sys/auxv.h>

int main(void)
{
    printf("%lu\n", getauxval(AT_SECURE));
    return 0;
}
