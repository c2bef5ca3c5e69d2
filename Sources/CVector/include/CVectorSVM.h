#ifndef FLEETSCORE_CVECTOR_SVM_H
#define FLEETSCORE_CVECTOR_SVM_H

#include "CVectorForms.h"

/// The kernels, numbered as in packed models.
enum {
    CVECTOR_LINEAR = 0,
    CVECTOR_POLYNOMIAL = 1,
    CVECTOR_RBF = 2,
    CVECTOR_SIGMOID = 3,
};

/// The numbers of a support-vector machine, as they are in packed models.
typedef struct {
    uint32_t kernel;
    uint32_t degree;
    uint64_t vectorCount;
    double gamma;
    double coef0;
    double intercept;
} CVectorSVM;

/// Writes the decision of each row: the sum of coefficient times kernel, then plus the intercept.
///
/// `vectors` are 8-byte aligned [blockCount, columnCount, 8], then their coefficients [blockCount,
/// 8]; the last block is padded, with coefficients 0. `rows` is [rowCount, columnCount], row-major;
/// gamma is not negative for rbf. Uses the fastest form. A row's bits do not depend on the form, on
/// the other rows or on their number.
void cvector_svm_decide(
    const CVectorSVM *model, const double *vectors, size_t blockCount, size_t columnCount,
    const double *rows, size_t rowCount, double *decisions);

/// The same with one named form; returns 0 and writes nothing when the CPU or the build lacks it.
int cvector_svm_decide_as(
    int form, const CVectorSVM *model, const double *vectors, size_t blockCount,
    size_t columnCount, const double *rows, size_t rowCount, double *decisions);

/// exp of eight values, as the sigmoid kernel computes it; below -708 it is 0, above 709 exp(709).
///
/// Returns 0 and writes nothing when the CPU or the build lacks the form.
int cvector_exp_as(int form, const double *values, double *results);

#endif
