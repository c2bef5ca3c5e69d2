#include "CVectorSVM.h"

#include "ExponentialTable.h"
#include "KnownForm.h"
#include "Lanes.h"

/// What the forms are given.
typedef struct {
    const CVectorSVM *numbers;
    const double *vectors;
    size_t blockCount;
    size_t columnCount;
} Machine;

/// Rows that share a pass over the support vectors, so that their latencies overlap.
#define ROWS_AT_ONCE 4

#define CV_INLINE static inline __attribute__((always_inline)) CV_TARGET

#define CV_NAME(name) name##Portable
#define CV_TARGET
#define CV_PERMUTES 0
#include "ExponentialForms.h"
#include "SVMForms.h"
#undef CV_NAME
#undef CV_TARGET

#if defined(__x86_64__)
#define CV_NAME(name) name##AVX2
#define CV_TARGET CV_AVX2
#include "ExponentialForms.h"
#include "SVMForms.h"
#undef CV_NAME
#undef CV_TARGET
#undef CV_PERMUTES

#define CV_NAME(name) name##AVX512
#define CV_TARGET CV_AVX512
#define CV_PERMUTES 1
#include "ExponentialForms.h"
#include "SVMForms.h"
#endif

int cvector_svm_decide_as(
    int form, const CVectorSVM *model, const double *vectors, size_t blockCount,
    size_t columnCount, const double *rows, size_t rowCount, double *decisions) {
    if (!cvector_has_form(form)) return 0;
    switch (form) {
#if defined(__x86_64__)
    case CVECTOR_AVX512:
        decideAVX512(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
        break;
    case CVECTOR_AVX2:
        decideAVX2(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
        break;
#endif
    default:
        decidePortable(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
        break;
    }
    return 1;
}

/// The first call, or one without a form of its own; apart, so that others need no stack.
__attribute__((noinline)) static void decideOtherwise(
    const CVectorSVM *model, const double *vectors, size_t blockCount, size_t columnCount,
    const double *rows, size_t rowCount, double *decisions) {
    cvector_svm_decide_as(
        cvector_best_form(), model, vectors, blockCount, columnCount, rows, rowCount, decisions);
}

void cvector_svm_decide(
    const CVectorSVM *model, const double *vectors, size_t blockCount, size_t columnCount,
    const double *rows, size_t rowCount, double *decisions) {
#if defined(__x86_64__)
    const int form = knownForm();
    if (form == CVECTOR_AVX512) {
        decideAVX512(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
        return;
    }
    if (form == CVECTOR_AVX2) {
        decideAVX2(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
        return;
    }
#endif
    decideOtherwise(model, vectors, blockCount, columnCount, rows, rowCount, decisions);
}

int cvector_exp_as(int form, const double *values, double *results) {
    if (!cvector_has_form(form)) return 0;
    switch (form) {
#if defined(__x86_64__)
    case CVECTOR_AVX512:
        exponentialAVX512(values, results);
        break;
    case CVECTOR_AVX2:
        exponentialAVX2(values, results);
        break;
#endif
    default:
        exponentialPortable(values, results);
        break;
    }
    return 1;
}
