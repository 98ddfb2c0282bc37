/*
 * A shared object for test_symbols: return addresses with known functions, lines and inlined calls. The line
 * numbers are part of the test: test_symbols.c names them.
 */
#include <stddef.h>

void *fixture_callers[8];

/* Never inlined: notes where it was called from. */
__attribute__((noinline)) int fixture_note(int slot)
{
    fixture_callers[slot] = __builtin_return_address(0);
    return slot + 1;
}

static inline __attribute__((always_inline)) int inner(int slot)
{
    return fixture_note(slot) * 3; /* line 18 */
}

static inline __attribute__((always_inline)) int middle(int slot)
{
    int result = inner(slot); /* line 23 */

    return result + FIXTURE_CHANGE;
}

__attribute__((noinline)) int fixture_outer(int slot)
{
    return middle(slot) + 1; /* line 30 */
}

static __attribute__((noinline)) int hidden_function(int slot)
{
    return fixture_note(slot) + 2; /* line 35 */
}

int fixture_call_hidden(int slot)
{
    return hidden_function(slot) + 5;
}

/* A sized function, a gap that belongs to nobody, and a function whose symbol has no size. */
__asm__(".text\n"
        ".globl fixture_sized\n"
        ".type fixture_sized, @function\n"
        "fixture_sized: nop\n nop\n ret\n"
        ".size fixture_sized, . - fixture_sized\n"
        ".fill 16, 1, 0xcc\n"
        ".globl fixture_sizeless\n"
        ".type fixture_sizeless, @function\n"
        "fixture_sizeless: nop\n nop\n ret\n");
