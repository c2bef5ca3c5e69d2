#ifndef FLEETSCORE_CCHECKSUM_H
#define FLEETSCORE_CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor computes CRC-32C itself.
bool cchecksum_has_crc32c(void);

/// CRC-32C of bytes, continued from the checksum of what came before; only where the processor has it.
uint32_t cchecksum_crc32c(const void *bytes, size_t count, uint32_t previous);

#endif
