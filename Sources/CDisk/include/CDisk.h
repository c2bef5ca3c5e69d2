#ifndef FLEETSCORE_CDISK_H
#define FLEETSCORE_CDISK_H

#include <stdint.h>

/// Reserves the first bytes of a file; -1 with `errno` where that fails, 0 also where the file
/// system cannot.
int cdisk_reserve(int descriptor, int64_t count);

/// Opens a file for writing past the system's memory, whole pages at a time; -1 with `errno` where
/// that is not possible.
int cdisk_open_direct(const char *path);

#endif
