#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own main, for programs that have one already.
///
/// Source: https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(
    int *_Nonnull argc,
    char *_Nullable *_Nonnull *_Nonnull argv,
    int (*_Nonnull run)(const uint8_t *_Nullable bytes, size_t count)
);
