#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)

bool cchecksum_has_crc32c(void) {
    return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2"))) uint32_t
cchecksum_crc32c(const void *bytes, size_t count, uint32_t previous) {
    const unsigned char *at = bytes;
    uint64_t crc = ~previous;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        crc = __builtin_ia32_crc32di(crc, word);
        at += 8;
        count -= 8;
    }
    uint32_t rest = (uint32_t)crc;
    while (count > 0) {
        rest = __builtin_ia32_crc32qi(rest, *at);
        at += 1;
        count -= 1;
    }
    return ~rest;
}

#else

bool cchecksum_has_crc32c(void) {
    return false;
}

uint32_t cchecksum_crc32c(const void *bytes, size_t count, uint32_t previous) {
    (void)bytes;
    (void)count;
    return previous;
}

#endif
