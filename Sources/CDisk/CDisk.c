#define _GNU_SOURCE
#include "CDisk.h"

#include <errno.h>
#include <fcntl.h>

int cdisk_reserve(int descriptor, int64_t count) {
#if defined(__linux__)
    int result;
    do {
        result = fallocate(descriptor, 0, 0, (off_t)count);
    } while (result == -1 && errno == EINTR);
    if (result == -1 && (errno == EOPNOTSUPP || errno == ENOSYS)) return 0;
    return result;
#else
    (void)descriptor;
    (void)count;
    return 0;
#endif
}

int cdisk_open_direct(const char *path) {
#if defined(O_DIRECT)
    return open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
#else
    (void)path;
    errno = EINVAL;
    return -1;
#endif
}
