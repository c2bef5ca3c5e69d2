#define _GNU_SOURCE
#include "CThreads.h"

#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

// The kernel's `struct sched_attr` of 48 bytes; glibc 2.36 does not declare it.
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

bool cthreads_prefer_prompt(void) {
#if defined(SYS_sched_getattr) && defined(SYS_sched_setattr)
    struct attributes attributes;
    memset(&attributes, 0, sizeof attributes);
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return false;
    // Only the plain policy takes the length of a turn here, in nanoseconds.
    if (attributes.policy != 0) return false;
    attributes.runtime = 300000;
    return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
#else
    return false;
#endif
}

bool cthreads_give_way(void) {
    // On Linux a thread has a priority of its own; nobody needs a right to lower it.
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10) == 0;
}
#else
bool cthreads_prefer_prompt(void) { return false; }
bool cthreads_give_way(void) { return false; }
#endif

int cthreads_processor_count(void) {
#if defined(__linux__)
    // Fewer than the machine has in a container or under taskset.
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) == 0 && CPU_COUNT(&usable) > 0) {
        return CPU_COUNT(&usable);
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
