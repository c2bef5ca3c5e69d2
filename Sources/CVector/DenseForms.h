// One form of the dense kernels: eight rows are the eight lanes of a vector, so that every row has
// its own additions in their written order, and a model's numbers need no padding.

/// Dot products of the lanes with `n` rows of weights, each from column 0 on.
CV_INLINE void CV_NAME(dots)(
    const size_t n, const size_t columns, const Lanes *x, const double *weights, Lanes *sums) {
    Lanes s[CVECTOR_LANES];
    for (size_t o = 0; o < n; o++) s[o] = splat(0.0);
    for (size_t column = 0; column < columns; column++) {
        const Lanes value = x[column];
        for (size_t o = 0; o < n; o++) {
            s[o] = fused(value, splat(weights[o * columns + column]), s[o]);
        }
    }
    for (size_t o = 0; o < n; o++) sums[o] = s[o];
}

/// The same for up to eight rows of weights.
CV_INLINE void CV_NAME(dotsUpTo8)(
    size_t n, const size_t columns, const Lanes *x, const double *weights, Lanes *sums) {
#if CV_PERMUTES
    if (n == 8) {
        CV_NAME(dots)(8, columns, x, weights, sums);
        return;
    }
#endif
    for (; n >= 4; n -= 4, weights += 4 * columns, sums += 4) {
        CV_NAME(dots)(4, columns, x, weights, sums);
    }
    for (; n >= 2; n -= 2, weights += 2 * columns, sums += 2) {
        CV_NAME(dots)(2, columns, x, weights, sums);
    }
    if (n == 1) CV_NAME(dots)(1, columns, x, weights, sums);
}

/// `width` (at most eight) outputs of an affine map, from output `first` on.
CV_INLINE void CV_NAME(affinePart)(
    const CVectorAffine *model, const Lanes *x, const size_t first, const size_t width,
    Lanes *y) {
    const size_t columns = model->columnCount;
    const uint32_t activation = model->activation;
    CV_NAME(dotsUpTo8)(width, columns, x, model->weights + first * columns, y);
    if (model->bias) {
        for (size_t o = 0; o < width; o++) y[o] += splat(model->bias[first + o]);
    }
    if (activation) {
        for (size_t o = 0; o < width; o++) CV_NAME(activate)(activation, &y[o]);
    }
    if (model->scale) {
        for (size_t o = 0; o < width; o++) y[o] /= splat(model->scale[first + o]);
    }
    if (model->factor != 1.0) {
        for (size_t o = 0; o < width; o++) y[o] *= splat(model->factor);
    }
}

CV_TARGET static void CV_NAME(affine)(
    const CVectorAffine *model, const double *rows, const size_t count, Lanes *x,
    double *outputs) {
    const size_t total = model->outputCount;
    CV_NAME(load)(rows, count, model->columnCount, model->center, x);
    for (size_t first = 0; first < total; first += CVECTOR_LANES) {
        const size_t rest = total - first;
        const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
        Lanes y[CVECTOR_LANES];
        CV_NAME(affinePart)(model, x, first, width, y);
        CV_NAME(store)(y, width, count, total, first, outputs);
    }
}

/// Affine maps one after another; what lies between them stays in lanes.
CV_TARGET static void CV_NAME(network)(
    const CVectorAffine *layers, const size_t layerCount, const size_t widest,
    const double *rows, const size_t count, Lanes *scratch, double *outputs) {
    Lanes *x = scratch, *next = scratch + widest;
    CV_NAME(load)(rows, count, layers->columnCount, NULL, x);
    for (size_t layer = 0; layer < layerCount; layer++, layers++) {
        const size_t total = layers->outputCount;
        for (size_t first = 0; first < total; first += CVECTOR_LANES) {
            const size_t rest = total - first;
            const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
            Lanes y[CVECTOR_LANES];
            CV_NAME(affinePart)(layers, x, first, width, y);
            if (layer + 1 == layerCount) {
                CV_NAME(store)(y, width, count, total, first, outputs);
            } else {
                for (size_t o = 0; o < width; o++) next[first + o] = y[o];
            }
        }
        Lanes *used = x;
        x = next;
        next = used;
    }
}

/// Adds the squares of `n` of the numbers P^T d, from column `first` on; P is upper triangular.
CV_INLINE void CV_NAME(triangularPart)(
    const size_t n, const size_t first, const Lanes *d, const double **factor, Lanes *sum) {
    const double *p[CVECTOR_LANES];
    Lanes s[CVECTOR_LANES];
    p[0] = *factor;
    for (size_t k = 1; k < n; k++) p[k] = p[k - 1] + first + k;
    for (size_t k = 0; k < n; k++) s[k] = splat(0.0);
    for (size_t i = 0; i <= first; i++) {
        const Lanes value = d[i];
        for (size_t k = 0; k < n; k++) s[k] = fused(value, splat(p[k][i]), s[k]);
    }
    for (size_t i = 1; i < n; i++) {
        const Lanes value = d[first + i];
        for (size_t k = i; k < n; k++) s[k] = fused(value, splat(p[k][first + i]), s[k]);
    }
    for (size_t k = 0; k < n; k++) *sum = fused(s[k], s[k], *sum);
    *factor = p[n - 1] + first + n;
}

/// |P^T d|^2 of an upper triangular P, whose columns follow each other.
CV_INLINE void CV_NAME(triangularNorm)(
    const size_t columns, const Lanes *d, const double *p, Lanes *result) {
    Lanes sum = splat(0.0);
    size_t column = 0;
#if CV_PERMUTES
    for (; column + 8 <= columns; column += 8) CV_NAME(triangularPart)(8, column, d, &p, &sum);
#endif
    for (; column + 4 <= columns; column += 4) CV_NAME(triangularPart)(4, column, d, &p, &sum);
    for (; column < columns; column++) CV_NAME(triangularPart)(1, column, d, &p, &sum);
    *result = sum;
}

/// Squared distances to `n` means, weighted when there are weights.
CV_INLINE void CV_NAME(distances)(
    const size_t n, const int weighted, const size_t columns, const Lanes *x,
    const double *means, const double *weights, Lanes *sums) {
    Lanes s[4];
    for (size_t k = 0; k < n; k++) s[k] = splat(0.0);
    for (size_t column = 0; column < columns; column++) {
        const Lanes value = x[column];
        for (size_t k = 0; k < n; k++) {
            const Lanes d = value - splat(means[k * columns + column]);
            if (weighted) {
                s[k] = fused(d * d, splat(weights[k * columns + column]), s[k]);
            } else {
                s[k] = fused(d, d, s[k]);
            }
        }
    }
    for (size_t k = 0; k < n; k++) sums[k] = s[k];
}

CV_INLINE void CV_NAME(distancesUpTo8)(
    size_t n, const int weighted, const size_t columns, const Lanes *x, const double *means,
    const double *weights, Lanes *sums) {
    while (n > 0) {
        const size_t step = n >= 4 ? 4 : n >= 2 ? 2 : 1;
        switch (step) {
        case 4: CV_NAME(distances)(4, weighted, columns, x, means, weights, sums); break;
        case 2: CV_NAME(distances)(2, weighted, columns, x, means, weights, sums); break;
        default: CV_NAME(distances)(1, weighted, columns, x, means, weights, sums); break;
        }
        n -= step;
        means += step * columns;
        if (weighted) weights += step * columns;
        sums += step;
    }
}

/// |F (x - mean)|^2 of one component with a whole or triangular factor.
CV_INLINE void CV_NAME(factoredNorm)(
    const CVectorGaussians *model, const size_t component, const Lanes *x, Lanes *d,
    Lanes *result) {
    const size_t columns = model->columnCount;
    const double *mean = model->means + component * columns;
    for (size_t i = 0; i < columns; i++) d[i] = x[i] - splat(mean[i]);
    if (model->form == CVECTOR_TRIANGULAR) {
        const double *factor = model->factors + component * (columns * (columns + 1) / 2);
        CV_NAME(triangularNorm)(columns, d, factor, result);
        return;
    }
    const double *factor = model->factors + component * model->rank * columns;
    Lanes sum = splat(0.0);
    for (size_t first = 0; first < model->rank; first += CVECTOR_LANES) {
        const size_t rest = model->rank - first;
        const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
        Lanes y[CVECTOR_LANES];
        CV_NAME(dotsUpTo8)(width, columns, d, factor + first * columns, y);
        for (size_t o = 0; o < width; o++) sum = fused(y[o], y[o], sum);
    }
    *result = sum;
}

CV_TARGET static void CV_NAME(gaussians)(
    const CVectorGaussians *model, const double *rows, const size_t count, Lanes *x,
    double *outputs) {
    const size_t columns = model->columnCount, total = model->componentCount;
    CV_NAME(load)(rows, count, columns, NULL, x);
    for (size_t first = 0; first < total; first += CVECTOR_LANES) {
        const size_t rest = total - first;
        const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
        const double *means = model->means + first * columns;
        Lanes y[CVECTOR_LANES];
        switch (model->form) {
        case CVECTOR_DISTANCE:
            CV_NAME(distancesUpTo8)(width, 0, columns, x, means, NULL, y);
            break;
        case CVECTOR_DIAGONAL:
            CV_NAME(distancesUpTo8)
            (width, 1, columns, x, means, model->factors + first * columns, y);
            break;
        default:
            for (size_t k = 0; k < width; k++) {
                CV_NAME(factoredNorm)(model, first + k, x, x + columns, &y[k]);
            }
            break;
        }
        if (model->form != CVECTOR_DISTANCE) {
            for (size_t k = 0; k < width; k++) {
                y[k] = splat(model->constants[first + k]) - y[k] * 0.5;
            }
        }
        CV_NAME(store)(y, width, count, total, first, outputs);
    }
}

/// Sums of magnitudes of differences.
CV_INLINE void CV_NAME(magnitudes)(
    const size_t n, const size_t columns, const Lanes *x, const double *vectors, Lanes *sums) {
    for (size_t k = 0; k < n; k++) {
        Lanes s = splat(0.0);
        for (size_t column = 0; column < columns; column++) {
            const Lanes d = x[column] - splat(vectors[k * columns + column]);
            s += (Lanes)((LaneMask)d & 0x7fffffffffffffffLL);
        }
        sums[k] = s;
    }
}

/// A kernel of a product or distance, in place.
CV_INLINE void CV_NAME(kernelValue)(
    const CVectorKernelMap *model, const Lanes *norm, Lanes *value) {
    const Lanes affine = fused(*value, splat(model->gamma), splat(model->coef0));
    const Lanes negative = *value * splat(-model->gamma);
    switch (model->kernel) {
    case CVECTOR_RBF:
    case CVECTOR_LAPLACIAN:
        CV_NAME(exp8)(&negative, value);
        break;
    case CVECTOR_POLYNOMIAL: {
        Lanes square = affine, result = splat(1.0);
        for (uint32_t rest = model->degree; rest > 0; rest /= 2) {
            if (rest % 2 == 1) result = result * square;
            square = square * square;
        }
        *value = result;
        break;
    }
    case CVECTOR_SIGMOID:
        CV_NAME(tanh8)(&affine, value);
        break;
    case CVECTOR_KERNEL_COSINE:
        *value /= *norm;
        break;
    default:
        break;
    }
}

CV_TARGET static void CV_NAME(kernelMap)(
    const CVectorKernelMap *model, const double *rows, const size_t count, Lanes *x,
    double *outputs) {
    const size_t columns = model->columnCount, total = model->vectorCount;
    CV_NAME(load)(rows, count, columns, NULL, x);
    Lanes norm = splat(1.0);
    if (model->kernel == CVECTOR_KERNEL_COSINE) {
        Lanes sum = splat(0.0);
        for (size_t column = 0; column < columns; column++) {
            sum = fused(x[column], x[column], sum);
        }
        const LaneMask isZero = sum == 0.0;
        sum = __builtin_elementwise_sqrt(sum);
        norm = (Lanes)(((LaneMask)sum & ~isZero) | ((LaneMask)norm & isZero));
    }
    for (size_t first = 0; first < total; first += CVECTOR_LANES) {
        const size_t rest = total - first;
        const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
        const double *vectors = model->vectors + first * columns;
        Lanes y[CVECTOR_LANES];
        switch (model->kernel) {
        case CVECTOR_RBF:
            CV_NAME(distancesUpTo8)(width, 0, columns, x, vectors, NULL, y);
            break;
        case CVECTOR_LAPLACIAN:
            CV_NAME(magnitudes)(width, columns, x, vectors, y);
            break;
        default:
            CV_NAME(dotsUpTo8)(width, columns, x, vectors, y);
            break;
        }
        for (size_t k = 0; k < width; k++) CV_NAME(kernelValue)(model, &norm, &y[k]);
        CV_NAME(store)(y, width, count, total, first, outputs);
    }
}

CV_TARGET static void CV_NAME(reconstruction)(
    const CVectorReconstruction *model, const double *rows, const size_t count, Lanes *x,
    double *outputs) {
    const size_t columns = model->columnCount, total = model->componentCount;
    Lanes *kept = x + columns;
    CV_NAME(load)(rows, count, columns, model->mean, x);
    for (size_t first = 0; first < total; first += CVECTOR_LANES) {
        const size_t rest = total - first;
        const size_t width = rest < CVECTOR_LANES ? rest : CVECTOR_LANES;
        CV_NAME(dotsUpTo8)
        (width, columns, x, model->components + first * columns, kept + first);
    }
    Lanes sum = splat(0.0);
    size_t column = 0;
    for (; column + 4 <= columns; column += 4) {
        const double *weights = model->components + column;
        Lanes s[4] = {splat(0.0), splat(0.0), splat(0.0), splat(0.0)};
        for (size_t k = 0; k < total; k++, weights += columns) {
            for (size_t i = 0; i < 4; i++) s[i] = fused(kept[k], splat(weights[i]), s[i]);
        }
        for (size_t i = 0; i < 4; i++) {
            const Lanes d = x[column + i] - s[i];
            sum = fused(d, d, sum);
        }
    }
    for (; column < columns; column++) {
        Lanes s = splat(0.0);
        for (size_t k = 0; k < total; k++) {
            s = fused(kept[k], splat(model->components[k * columns + column]), s);
        }
        const Lanes d = x[column] - s;
        sum = fused(d, d, sum);
    }
    CV_NAME(store)(&sum, 1, count, 1, 0, outputs);
}

CV_TARGET static void CV_NAME(mahalanobis)(
    const CVectorMahalanobis *model, const double *rows, const size_t count, Lanes *x,
    double *outputs) {
    const size_t columns = model->columnCount;
    CV_NAME(load)(rows, count, columns, model->location, x);
    Lanes sum = splat(0.0);
    size_t row = 0;
    for (; row + 4 <= columns; row += 4) {
        const double *p = model->precision + row * columns;
        Lanes s[4] = {splat(0.0), splat(0.0), splat(0.0), splat(0.0)};
        for (size_t column = 0; column < columns; column++) {
            for (size_t i = 0; i < 4; i++) {
                const Lanes product = x[column] * splat(p[i * columns + column]);
                s[i] = s[i] + product;
            }
        }
        for (size_t i = 0; i < 4; i++) {
            const Lanes product = x[row + i] * s[i];
            sum = sum + product;
        }
    }
    for (; row < columns; row++) {
        const double *p = model->precision + row * columns;
        Lanes s = splat(0.0);
        for (size_t column = 0; column < columns; column++) {
            const Lanes product = x[column] * splat(p[column]);
            s = s + product;
        }
        const Lanes product = x[row] * s;
        sum = sum + product;
    }
    const Lanes distance = __builtin_elementwise_sqrt(sum);
    Lanes score = -(distance * distance) - splat(model->offset);
    CV_NAME(store)(&score, 1, count, 1, 0, outputs);
}

CV_TARGET static void CV_NAME(cosine)(const double *values, double *results) {
    const Lanes x = *(const PackedLanes *)values;
    Lanes y;
    CV_NAME(cos8)(&x, &y);
    *(PackedLanes *)results = y;
}

CV_TARGET static void CV_NAME(logarithm)(const double *values, double *results) {
    const Lanes x = *(const PackedLanes *)values;
    Lanes y;
    CV_NAME(log8)(&x, &y);
    *(PackedLanes *)results = y;
}
