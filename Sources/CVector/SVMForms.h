// One form of the support-vector kernels; included once for each instruction set.
//
// CV_NAME(name) gives the form's own name, CV_TARGET its target attribute. Only additions,
// subtractions, multiplications, divisions, comparisons and integer operations are used, none
// contracted, in one fixed order, so every form gives the same bits. Vectors are passed by
// pointer, since the calling convention of 64-byte vectors depends on the instruction set.

#define CV_INLINE static inline __attribute__((always_inline)) CV_TARGET

/// exp(x): 2^n * e^r with |r| <= ln 2 / 2 and a minimax polynomial of degree 11 (error 0.15 ulp).
CV_INLINE void CV_NAME(exp8)(const Lanes *input, Lanes *output) {
    Lanes x = *input;
    const LaneMask flushed = x < -708.0;
    const LaneMask large = x > 709.0;
    // Both ends are clamped so that 2^n stays a normal number; a NaN passes through.
    x = (Lanes)(((LaneMask)x & ~(flushed | large))
                | ((LaneMask)splat(-708.0) & flushed) | ((LaneMask)splat(709.0) & large));
    // Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
    const Lanes shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;
    const Lanes n = shifted - 0x1.8p52;
    const Lanes r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    const Lanes r2 = r * r;
    const Lanes odd = ((0x1.288060f149570p-22 * r2 + 0x1.a019c98e708e7p-16) * r2
                       + 0x1.6c16c173948e7p-10) * r2 + 0x1.5555555554cb0p-5;
    const Lanes even = (((0x1.af2391d7f5e6cp-26 * r2 + 0x1.71de17d5ef6f3p-19) * r2
                         + 0x1.a01a01a4b5f72p-13) * r2 + 0x1.1111111110e68p-7) * r2
                       + 0x1.5555555555555p-3;
    const Lanes tail = r2 * 0.5 + (r2 * r) * (even + r * odd);
    const Lanes fraction = 1.0 + (r + tail);
    const Lanes power = (Lanes)(((LaneMask)shifted + 1023) << 52);
    *output = (Lanes)((LaneMask)(fraction * power) & ~flushed);
}

/// tanh(x) = sign(x) * (1 - 2 / (exp(2 |x|) + 1)); absolute error below 4e-16.
CV_INLINE void CV_NAME(tanh8)(const Lanes *input, Lanes *output) {
    const LaneMask signBit = (LaneMask)splat(-0.0);
    const LaneMask sign = (LaneMask)*input & signBit;
    const Lanes doubled = (Lanes)((LaneMask)*input & ~signBit) * 2.0;
    Lanes power;
    CV_NAME(exp8)(&doubled, &power);
    *output = (Lanes)((LaneMask)(1.0 - 2.0 / (power + 1.0)) | sign);
}

/// base^degree by LIBSVM's squaring.
CV_INLINE void CV_NAME(power8)(const Lanes *input, uint32_t degree, Lanes *output) {
    Lanes square = *input;
    Lanes result = splat(1.0);
    for (uint32_t rest = degree; rest > 0; rest /= 2) {
        if (rest % 2 == 1) result = result * square;
        square = square * square;
    }
    *output = result;
}

/// Adds one block of support vectors to the sums of `count` rows.
CV_INLINE void CV_NAME(addBlock)(
    const uint32_t kernel, const size_t count, const CVectorSVM *model, const double *vectors,
    const Lanes *coefficient, const double *rows, Lanes *sums) {
    const size_t columns = model->columnCount;
    Lanes products[4];
    for (size_t row = 0; row < count; row++) products[row] = splat(0.0);
    for (size_t column = 0; column < columns; column++) {
        const Lanes vector = *(const PackedLanes *)(vectors + column * CVECTOR_LANES);
        for (size_t row = 0; row < count; row++) {
            const double x = rows[row * columns + column];
            if (kernel == CVECTOR_RBF) {
                const Lanes difference = x - vector;
                products[row] = products[row] + difference * difference;
            } else {
                products[row] = products[row] + x * vector;
            }
        }
    }
    for (size_t row = 0; row < count; row++) {
        Lanes value = products[row];
        if (kernel == CVECTOR_RBF) {
            const Lanes exponent = value * -model->gamma;
            CV_NAME(exp8)(&exponent, &value);
        } else if (kernel == CVECTOR_POLYNOMIAL) {
            const Lanes base = value * model->gamma + model->coef0;
            CV_NAME(power8)(&base, model->degree, &value);
        } else if (kernel == CVECTOR_SIGMOID) {
            const Lanes argument = value * model->gamma + model->coef0;
            CV_NAME(tanh8)(&argument, &value);
        }
        sums[row] = sums[row] + *coefficient * value;
    }
}

/// Decides `count` (1 or 4) rows; a row's arithmetic does not depend on its neighbours.
CV_INLINE void CV_NAME(decideRows)(
    const uint32_t kernel, const size_t count, const CVectorSVM *model, const double *rows,
    double *decisions) {
    Lanes sums[4];
    for (size_t row = 0; row < count; row++) sums[row] = splat(0.0);
    const double *vectors = model->vectors;
    for (size_t block = 0; block < model->blockCount; block++) {
        const Lanes coefficient =
            *(const PackedLanes *)(model->coefficients + block * CVECTOR_LANES);
        CV_NAME(addBlock)(kernel, count, model, vectors, &coefficient, rows, sums);
        vectors += model->columnCount * CVECTOR_LANES;
    }
    for (size_t row = 0; row < count; row++) {
        const Lanes s = sums[row];
        const double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        decisions[row] = sum + model->intercept;
    }
}

/// Decides all rows with a kernel known at compile time, four at a time.
CV_INLINE void CV_NAME(decideKernel)(
    const uint32_t kernel, const CVectorSVM *model, const double *rows, size_t rowCount,
    double *decisions) {
    size_t row = 0;
    for (; row + 4 <= rowCount; row += 4) {
        CV_NAME(decideRows)(kernel, 4, model, rows + row * model->columnCount, decisions + row);
    }
    for (; row < rowCount; row++) {
        CV_NAME(decideRows)(kernel, 1, model, rows + row * model->columnCount, decisions + row);
    }
}

CV_TARGET static void CV_NAME(decide)(
    const CVectorSVM *model, const double *rows, size_t rowCount, double *decisions) {
    switch (model->kernel) {
    case CVECTOR_LINEAR:
        CV_NAME(decideKernel)(CVECTOR_LINEAR, model, rows, rowCount, decisions);
        break;
    case CVECTOR_POLYNOMIAL:
        CV_NAME(decideKernel)(CVECTOR_POLYNOMIAL, model, rows, rowCount, decisions);
        break;
    case CVECTOR_SIGMOID:
        CV_NAME(decideKernel)(CVECTOR_SIGMOID, model, rows, rowCount, decisions);
        break;
    default:
        CV_NAME(decideKernel)(CVECTOR_RBF, model, rows, rowCount, decisions);
        break;
    }
}

CV_TARGET static void CV_NAME(exponential)(const double *values, double *results) {
    Lanes x = *(const PackedLanes *)values;
    Lanes y;
    CV_NAME(exp8)(&x, &y);
    *(PackedLanes *)results = y;
}

#undef CV_INLINE
