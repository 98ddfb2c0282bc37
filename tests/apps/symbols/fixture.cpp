/*
 * A shared object for test_symbols: return addresses inside C++ functions of several sorts.
 */
#include <functional>
#include <utility>

extern "C" {
void *cxx_callers[8];

__attribute__((noinline, noclone)) int cxx_note(int slot)
{
    cxx_callers[slot] = __builtin_return_address(0);
    return slot + 1;
}
}

namespace
{
__attribute__((noinline)) int in_anonymous(int slot)
{
    return cxx_note(slot) + 1;
}
inline __attribute__((always_inline)) int inlined_anonymous(int slot)
{
    return cxx_note(slot) + 1;
}
} // namespace

namespace space
{
class Worker
{
  public:
    __attribute__((noinline)) int run(int slot)
    {
        return cxx_note(slot) + 2;
    }
    template <class T> __attribute__((noinline)) int run_as(T slot)
    {
        return cxx_note(static_cast<int>(slot)) + 3;
    }
};
} // namespace space

extern "C" int cxx_run_all(void)
{
    space::Worker worker;
    std::function<int(int)> in_lambda = [](int slot) { return cxx_note(slot) + 4; };

    return in_anonymous(0) + worker.run(1) + worker.run_as(2L) + in_lambda(3) + inlined_anonymous(4);
}
