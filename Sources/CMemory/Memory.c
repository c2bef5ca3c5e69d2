#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CMemory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A larger block of the heap, at a multiple of 64, with the content of the old one.
static void *reallocate(void *old, size_t old_size, size_t new_size) {
    void *memory = NULL;
    if (posix_memalign(&memory, 64, new_size) != 0) return NULL;
    if (old != NULL) memcpy(memory, old, old_size);
    free(old);
    return memory;
}

#if defined(__linux__)
#include <sys/mman.h>

// Blocks of this size and more are mappings.
static const size_t mapping_size = 1 << 20;
static const size_t huge_page = 2 << 20;

static size_t page_rounded(size_t size) { return (size + 4095) & ~(size_t)4095; }

// Address space of a size at a multiple of a huge page, so that moving keeps huge pages whole.
static void *reserve(size_t size) {
    size_t padded = size + huge_page;
    char *start = mmap(NULL, padded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
    char *aligned = (char *)(((uintptr_t)start + huge_page - 1) & ~(uintptr_t)(huge_page - 1));
    if (aligned > start) munmap(start, (size_t)(aligned - start));
    char *end = aligned + size;
    if (start + padded > end) munmap(end, (size_t)(start + padded - end));
    return aligned;
}

static void *map(size_t size) {
    void *memory = reserve(size);
    if (memory == NULL) return NULL;
    if (mprotect(memory, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, size);
        return NULL;
    }
    // Advice only: without huge pages everything works, a little slower.
    if (size >= 2 * huge_page) (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void *move(void *old, size_t old_size, size_t new_size) {
    void *target = reserve(new_size);
    if (target == NULL) return NULL;
    void *moved = mremap(old, old_size, new_size, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    if (moved == MAP_FAILED) {
        munmap(target, new_size);
        return NULL;
    }
    if (new_size >= 2 * huge_page) (void)madvise(moved, new_size, MADV_HUGEPAGE);
    return moved;
}

void *memory_resize(void *old, size_t old_size, size_t new_size) {
    if (new_size >= mapping_size) {
        if (old_size >= mapping_size) {
            return move(old, page_rounded(old_size), page_rounded(new_size));
        }
        void *memory = map(page_rounded(new_size));
        if (memory == NULL) return NULL;
        if (old != NULL) memcpy(memory, old, old_size);
        free(old);
        return memory;
    }
    return reallocate(old, old_size, new_size);
}

void memory_free(void *memory, size_t size) {
    if (memory == NULL) return;
    if (size >= mapping_size) {
        munmap(memory, page_rounded(size));
    } else {
        free(memory);
    }
}

#else

void *memory_resize(void *old, size_t old_size, size_t new_size) {
    return reallocate(old, old_size, new_size);
}

void memory_free(void *memory, size_t size) {
    (void)size;
    free(memory);
}

#endif

#if defined(__GLIBC__)
#include <malloc.h>

void memory_keep_freed(void) {
    // Blocks up to this size come from the heap, which is trimmed above the other number.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
}
#else
void memory_keep_freed(void) {}
#endif
