// What all kernels share: vectors of eight doubles, and what an instruction set is called.
//
// Kernels are written with vector operators and explicit fused multiply-adds, in one fixed order.
// The compiler may fuse nothing else, so every form of a kernel gives the same bits. Vectors are
// passed by pointer, since the calling convention of 64-byte vectors depends on the instruction
// set.
#ifndef FLEETSCORE_LANES_H
#define FLEETSCORE_LANES_H

#include "CVectorForms.h"

#pragma STDC FP_CONTRACT OFF

typedef double Lanes __attribute__((vector_size(64)));
typedef int64_t LaneMask __attribute__((vector_size(64)));
typedef uint64_t LaneBits __attribute__((vector_size(64)));
/// Lanes in memory that is only aligned to doubles.
typedef double PackedLanes __attribute__((vector_size(64), aligned(8), may_alias));

#define splat(value) ((Lanes){value, value, value, value, value, value, value, value})

/// a * b + c with one rounding, in hardware or, in the portable form on old CPUs, by the C library.
#define fused(a, b, c) __builtin_elementwise_fma((Lanes)(a), (Lanes)(b), (Lanes)(c))

#if defined(__x86_64__)
#include <immintrin.h>
#define CV_AVX2 __attribute__((target("avx2,fma")))
#define CV_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma")))
#endif

#endif
