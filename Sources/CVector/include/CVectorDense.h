#ifndef FLEETSCORE_CVECTOR_DENSE_H
#define FLEETSCORE_CVECTOR_DENSE_H

#include "CVectorForms.h"

/// Vectors of eight that every function below keeps on its stack when it needs no more of them.
#define CVECTOR_DENSE_LOCAL 128

/// What is done to each output of an affine map, numbered as in packed models.
enum {
    CVECTOR_IDENTITY = 0,
    CVECTOR_RELU = 1,
    CVECTOR_LOGISTIC = 2,
    CVECTOR_TANH = 3,
    CVECTOR_EXPONENTIAL = 4,
    /// Beyond 2^45 the cosine is not a number.
    CVECTOR_COSINE = 5,
};

/// activation(weights (x - center) + bias), each output then divided by its scale.
typedef struct {
    /// [outputCount, columnCount]
    const double *weights;
    /// Each may be null.
    const double *center;
    const double *bias;
    const double *scale;
    size_t columnCount;
    size_t outputCount;
    /// Multiplies every output at the end; 1 for nothing.
    double factor;
    uint32_t activation;
} CVectorAffine;

/// How Gaussian components hold their precision, numbered as in packed models.
enum {
    /// A weight for each column.
    CVECTOR_DIAGONAL = 0,
    /// The columns of an upper triangular factor one after another, without their zeros.
    CVECTOR_TRIANGULAR = 1,
    /// `rank` rows of the transposed factor.
    CVECTOR_SQUARE = 2,
    /// No precision: the results are squared distances, and there are no constants.
    CVECTOR_DISTANCE = 3,
};

/// constant - |factor (x - mean)|^2 / 2 of each component.
typedef struct {
    /// [componentCount, columnCount]
    const double *means;
    const double *factors;
    /// [componentCount]
    const double *constants;
    size_t columnCount;
    size_t componentCount;
    /// Rows of a factor; used by the square form.
    size_t rank;
    uint32_t form;
} CVectorGaussians;

/// Kernels besides those of CVectorSVM.h, numbered as in packed models.
enum {
    CVECTOR_LAPLACIAN = 4,
    /// The vectors have norm 1.
    CVECTOR_KERNEL_COSINE = 5,
};

/// Kernel values of a row with each vector.
typedef struct {
    /// [vectorCount, columnCount]
    const double *vectors;
    size_t columnCount;
    size_t vectorCount;
    double gamma;
    double coef0;
    uint32_t degree;
    uint32_t kernel;
} CVectorKernelMap;

/// How numbers, one a class, become a score and a class, numbered as in packed models.
enum {
    CVECTOR_CHOOSE_MAXIMUM = 0,
    /// The largest of the softmax; the class of the largest number.
    CVECTOR_CHOOSE_SOFTMAX = 1,
    /// The same, but numbers whose probabilities are equal count as equal.
    CVECTOR_CHOOSE_PROBABILITY = 2,
    /// The largest logistic function divided by the sum of all.
    CVECTOR_CHOOSE_LOGISTIC = 3,
    /// The same with (clip(z, -1, 1) + 1) / 2.
    CVECTOR_CHOOSE_HUBER = 4,
    /// The logarithm of the sum of exponentials.
    CVECTOR_CHOOSE_LOG_SUM = 5,
    /// The softmax of the second of two.
    CVECTOR_CHOOSE_SECOND = 6,
    /// The second of two less the first.
    CVECTOR_CHOOSE_DIFFERENCE = 7,
    /// One number: its logistic function; class 1 when that is above 1/2.
    CVECTOR_CHOOSE_HALF = 8,
};

/// A row less what its projection on orthonormal components keeps of it.
typedef struct {
    /// [componentCount, columnCount]
    const double *components;
    /// May be null.
    const double *mean;
    size_t columnCount;
    size_t componentCount;
} CVectorReconstruction;

/// The squared Mahalanobis distance to a location.
typedef struct {
    const double *location;
    /// [columnCount, columnCount]
    const double *precision;
    size_t columnCount;
    double offset;
} CVectorMahalanobis;

// All of them take rows of [rowCount, columnCount] and evaluate eight at a time with one fixed
// order of operations for each row. A row's bits do not depend on the form, on the other rows or on
// their number. `scratch` holds as many vectors of eight doubles as is said, aligned to 64 bytes;
// it may be null when that is at most CVECTOR_DENSE_LOCAL. All return 0 and write nothing when the
// CPU or the build lacks the form, else 1.

/// Writes [rowCount, outputCount]; scratch: columnCount vectors.
int cvector_affine_as(
    int form, const CVectorAffine *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs);

/// Affine maps one after another, at least one, each taking what the one before it gives.
///
/// Their centres are not used. `widest` is the most columns of a row before, between and after
/// them. Writes [rowCount, outputCount of the last]; scratch: 2 widest vectors.
int cvector_network_as(
    int form, const CVectorAffine *layers, size_t layerCount, size_t widest, const double *rows,
    size_t rowCount, double *scratch, double *outputs);

/// Writes [rowCount, componentCount]; scratch: 2 columnCount vectors.
int cvector_gaussians_as(
    int form, const CVectorGaussians *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs);

/// Writes [rowCount, vectorCount]; scratch: columnCount vectors.
int cvector_kernel_map_as(
    int form, const CVectorKernelMap *model, const double *rows, size_t rowCount, double *scratch,
    double *outputs);

/// Writes [rowCount, 2], a score and the index of a class; scratch: classCount vectors.
///
/// Ties go to the first class.
int cvector_choose_as(
    int form, uint32_t rule, size_t classCount, const double *rows, size_t rowCount,
    double *scratch, double *outputs);

/// Writes the sum of squares of what the components do not explain; scratch: both counts together.
int cvector_reconstruction_as(
    int form, const CVectorReconstruction *model, const double *rows, size_t rowCount,
    double *scratch, double *outputs);

/// Writes -distance - offset, in the order of scipy's cdist without fused operations; scratch:
/// columnCount vectors.
int cvector_mahalanobis_as(
    int form, const CVectorMahalanobis *model, const double *rows, size_t rowCount,
    double *scratch, double *outputs);

/// Eight cosines and logarithms, as the functions above compute them.
int cvector_cosine_as(int form, const double *values, double *results);
int cvector_log_as(int form, const double *values, double *results);

#endif
