#include "CVector.h"

// A product and a sum stay two roundings in every form, so that all forms give the same bits.
#pragma STDC FP_CONTRACT OFF

typedef double Lanes __attribute__((vector_size(64)));
typedef int64_t LaneMask __attribute__((vector_size(64)));
/// Lanes in memory that is only aligned to doubles.
typedef double PackedLanes __attribute__((vector_size(64), aligned(8), may_alias));

#define splat(value) ((Lanes){value, value, value, value, value, value, value, value})

#define CV_NAME(name) name##Portable
#define CV_TARGET
#include "SVMForms.h"
#undef CV_NAME
#undef CV_TARGET

#if defined(__x86_64__)
#define CV_NAME(name) name##AVX2
#define CV_TARGET __attribute__((target("avx2")))
#include "SVMForms.h"
#undef CV_NAME
#undef CV_TARGET

#define CV_NAME(name) name##AVX512
#define CV_TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))
#include "SVMForms.h"
#undef CV_NAME
#undef CV_TARGET
#endif

/// Whether this CPU and system run a form.
static int hasForm(int form) {
    switch (form) {
    case CVECTOR_PORTABLE:
        return 1;
#if defined(__x86_64__)
    case CVECTOR_AVX2:
        return __builtin_cpu_supports("avx2") != 0;
    case CVECTOR_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl");
#endif
    default:
        return 0;
    }
}

int cvector_svm_decide_as(
    int form, const CVectorSVM *model, const double *rows, size_t rowCount, double *decisions) {
    if (!hasForm(form)) return 0;
    switch (form) {
#if defined(__x86_64__)
    case CVECTOR_AVX512:
        decideAVX512(model, rows, rowCount, decisions);
        return 1;
    case CVECTOR_AVX2:
        decideAVX2(model, rows, rowCount, decisions);
        return 1;
#endif
    default:
        decidePortable(model, rows, rowCount, decisions);
        return 1;
    }
}

void cvector_svm_decide(
    const CVectorSVM *model, const double *rows, size_t rowCount, double *decisions) {
    if (cvector_svm_decide_as(CVECTOR_AVX512, model, rows, rowCount, decisions)) return;
    if (cvector_svm_decide_as(CVECTOR_AVX2, model, rows, rowCount, decisions)) return;
    cvector_svm_decide_as(CVECTOR_PORTABLE, model, rows, rowCount, decisions);
}

int cvector_exp_as(int form, const double *values, double *results) {
    if (!hasForm(form)) return 0;
    switch (form) {
#if defined(__x86_64__)
    case CVECTOR_AVX512:
        exponentialAVX512(values, results);
        return 1;
    case CVECTOR_AVX2:
        exponentialAVX2(values, results);
        return 1;
#endif
    default:
        exponentialPortable(values, results);
        return 1;
    }
}
