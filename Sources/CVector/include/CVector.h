#ifndef FLEETSCORE_CVECTOR_H
#define FLEETSCORE_CVECTOR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed models are little-endian and are evaluated in place"
#endif

/// Support vectors a block: one vector of eight doubles.
#define CVECTOR_LANES 8

/// The kernels, numbered as in packed models.
enum {
    CVECTOR_LINEAR = 0,
    CVECTOR_POLYNOMIAL = 1,
    CVECTOR_RBF = 2,
    CVECTOR_SIGMOID = 3,
};

/// The compiled forms of the same source; all give the same bits.
enum {
    CVECTOR_PORTABLE = 0,
    CVECTOR_AVX2 = 1,
    CVECTOR_AVX512 = 2,
};

/// A support-vector machine over packed, 8-byte aligned doubles.
typedef struct {
    /// [blockCount, columnCount, 8]; the last block is padded.
    const double *vectors;
    /// [blockCount, 8]; 0 for padding.
    const double *coefficients;
    size_t blockCount;
    size_t columnCount;
    double gamma;
    double coef0;
    double intercept;
    uint32_t degree;
    uint32_t kernel;
} CVectorSVM;

/// Writes the decision of each row: the sum of coefficient times kernel, then plus the intercept.
///
/// `rows` is [rowCount, columnCount], row-major. Uses the widest form the CPU has.
void cvector_svm_decide(
    const CVectorSVM *model, const double *rows, size_t rowCount, double *decisions);

/// The same with one named form; returns 0 and writes nothing when the CPU or the build lacks it.
int cvector_svm_decide_as(
    int form, const CVectorSVM *model, const double *rows, size_t rowCount, double *decisions);

/// exp of eight values, as the kernels compute it; below -708 it is 0, above 709 it is exp(709).
///
/// Returns 0 and writes nothing when the CPU or the build lacks the form.
int cvector_exp_as(int form, const double *values, double *results);

#endif
