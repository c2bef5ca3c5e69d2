#ifndef FLEETSCORE_CMEMORY_H
#define FLEETSCORE_CMEMORY_H

#include <stddef.h>

// Starts reading the cache line of an address; never faults.
static inline void memory_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

// Memory of `new_size` bytes, aligned to 64, that begins with the content of `old` (NULL for none).
//
// `old` is given up; NULL when there is no memory. Sizes only grow. Large blocks are mappings of
// their own: growing moves pages instead of bytes, pages that nobody touched take no memory, and
// the kernel is asked for huge pages, for what is looked up at random.
void *memory_resize(void *old, size_t old_size, size_t new_size);

// Gives back what `memory_resize` returned last with this size.
void memory_free(void *memory, size_t size);

// Has the allocator keep tens of megabytes of freed memory for the next use, instead of giving
// every large block back to the system and clearing it again. For long-lived processes.
void memory_keep_freed(void);

#endif
