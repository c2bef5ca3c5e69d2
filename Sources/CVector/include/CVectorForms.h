#ifndef FLEETSCORE_CVECTOR_FORMS_H
#define FLEETSCORE_CVECTOR_FORMS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed models are little-endian and are evaluated in place"
#endif

/// Doubles a vector: every form computes in groups of eight, whatever the CPU's width.
#define CVECTOR_LANES 8

/// The compiled forms of the same source; all give the same bits.
enum {
    /// Needs nothing; on x86-64 its fused multiply-adds are calls of the C library: slow but exact.
    CVECTOR_PORTABLE = 0,
    /// Needs AVX2 and FMA.
    CVECTOR_AVX2 = 1,
    /// Needs AVX-512 F, DQ and VL.
    CVECTOR_AVX512 = 2,
};

/// Whether this build, CPU and system run a form: 1 or 0.
int cvector_has_form(int form);

/// The fastest form that this CPU runs.
int cvector_best_form(void);

#endif
