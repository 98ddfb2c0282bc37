// The C++ side of exectrace.h: tasks and regions end with their scope, also by an exception.
#include "tracepoints/exectrace.h"

#include <cstdio>
#include <stdexcept>

static void serve(bool fails)
{
    exectrace::task task("request");
    exectrace::region region("serve", task.id());

    exectrace_log(task.id(), "c++", fails ? "fails" : "works");
    if (fails)
        throw std::runtime_error("asked to");
}

int main()
{
    serve(false);
    try {
        serve(true);
    } catch (const std::runtime_error &error) {
        std::printf("%s\n", error.what());
    }
    return 0;
}
