#include "CVectorDense.h"

#include "CVectorSVM.h"
#include "ExponentialTable.h"
#include "Lanes.h"

#define CV_INLINE static inline __attribute__((always_inline)) CV_TARGET

#define CV_NAME(name) name##Portable
#define CV_TARGET
#define CV_PERMUTES 0
#include "ExponentialForms.h"
#include "MathForms.h"
#include "TransposeForms.h"
#include "DenseForms.h"
#include "ChooseForms.h"
#undef CV_NAME
#undef CV_TARGET

#if defined(__x86_64__)
#define CV_NAME(name) name##AVX2
#define CV_TARGET CV_AVX2
#include "ExponentialForms.h"
#include "MathForms.h"
#include "TransposeForms.h"
#include "DenseForms.h"
#include "ChooseForms.h"
#undef CV_NAME
#undef CV_TARGET
#undef CV_PERMUTES

#define CV_NAME(name) name##AVX512
#define CV_TARGET CV_AVX512
#define CV_PERMUTES 1
#include "ExponentialForms.h"
#include "MathForms.h"
#include "TransposeForms.h"
#include "DenseForms.h"
#include "ChooseForms.h"
#endif

/// Calls the form of a function that was asked for.
#if defined(__x86_64__)
#define CV_CALL(form, name, ...) \
    (form == CVECTOR_AVX512   ? name##AVX512(__VA_ARGS__) \
        : form == CVECTOR_AVX2 ? name##AVX2(__VA_ARGS__) \
                               : name##Portable(__VA_ARGS__))
#else
#define CV_CALL(form, name, ...) name##Portable(__VA_ARGS__)
#endif

/// Goes through rows eight at a time, with vectors on the stack unless more are needed.
#define CV_EACH_BLOCK(form, inputWidth, outputWidth, name, ...) \
    Lanes local[CVECTOR_DENSE_LOCAL]; \
    Lanes *vectors = scratch ? (Lanes *)(void *)scratch : local; \
    if (!cvector_has_form(form)) return 0; \
    for (; rowCount > 0;) { \
        const size_t count = rowCount < CVECTOR_LANES ? rowCount : CVECTOR_LANES; \
        CV_CALL(form, name, __VA_ARGS__, rows, count, vectors, outputs); \
        rows += count * (inputWidth); \
        outputs += count * (outputWidth); \
        rowCount -= count; \
    } \
    return 1

int cvector_affine_as(
    int form, const CVectorAffine *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs) {
    CV_EACH_BLOCK(form, model->columnCount, model->outputCount, affine, model);
}

int cvector_network_as(
    int form, const CVectorAffine *layers, size_t layerCount, size_t widest, const double *rows,
    size_t rowCount, double *scratch, double *outputs) {
    if (layerCount == 0) return 0;
    const size_t last = layers[layerCount - 1].outputCount;
    CV_EACH_BLOCK(form, layers->columnCount, last, network, layers, layerCount, widest);
}

int cvector_gaussians_as(
    int form, const CVectorGaussians *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs) {
    CV_EACH_BLOCK(form, model->columnCount, model->componentCount, gaussians, model);
}

int cvector_kernel_map_as(
    int form, const CVectorKernelMap *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs) {
    CV_EACH_BLOCK(form, model->columnCount, model->vectorCount, kernelMap, model);
}

int cvector_choose_as(
    int form, uint32_t rule, size_t classCount, const double *rows, size_t rowCount,
    double *scratch, double *outputs) {
    CV_EACH_BLOCK(form, classCount, 2, choose, rule, classCount);
}

int cvector_reconstruction_as(
    int form, const CVectorReconstruction *model, const double *rows, size_t rowCount,
    double *scratch, double *outputs) {
    CV_EACH_BLOCK(form, model->columnCount, 1, reconstruction, model);
}

int cvector_mahalanobis_as(
    int form, const CVectorMahalanobis *model, const double *rows, size_t rowCount,
    double *scratch, double *outputs) {
    CV_EACH_BLOCK(form, model->columnCount, 1, mahalanobis, model);
}

int cvector_cosine_as(int form, const double *values, double *results) {
    if (!cvector_has_form(form)) return 0;
    CV_CALL(form, cosine, values, results);
    return 1;
}

int cvector_log_as(int form, const double *values, double *results) {
    if (!cvector_has_form(form)) return 0;
    CV_CALL(form, logarithm, values, results);
    return 1;
}
