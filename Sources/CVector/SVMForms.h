// One form of the support-vector kernels; included once for each instruction set.
//
// CV_NAME(name) gives the form's own names, CV_INLINE its static inline functions' attributes,
// CV_TARGET those of others.

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

/// Squared distances, or products, of `count` rows and a block of support vectors.
CV_INLINE void CV_NAME(products)(
    const uint32_t kernel, const size_t columns, const size_t count, const double *vectors,
    const double *rows, Lanes *products) {
    for (size_t row = 0; row < count; row++) products[row] = splat(0.0);
    for (size_t column = 0; column < columns; column++) {
        const Lanes vector = *(const PackedLanes *)(vectors + column * CVECTOR_LANES);
        for (size_t row = 0; row < count; row++) {
            const Lanes x = splat(rows[row * columns + column]);
            if (kernel == CVECTOR_RBF) {
                const Lanes difference = x - vector;
                products[row] = fused(difference, difference, products[row]);
            } else {
                products[row] = fused(x, vector, products[row]);
            }
        }
    }
}

/// Decides `count` rows; a row's arithmetic does not depend on its neighbours.
CV_INLINE void CV_NAME(decideRows)(
    const uint32_t kernel, const size_t columns, const size_t count, const Machine *machine,
    const double *rows, double *decisions) {
    const CVectorSVM *const numbers = machine->numbers;
    const Lanes gamma = splat(numbers->gamma);
    // exp(-gamma * d) = 2^(-gamma / ln 2 * d)
    const Lanes factor = gamma * -0x1.71547652b82fep+0;
    const Lanes coef0 = splat(numbers->coef0);
    const double *vectors = machine->vectors;
    const double *coefficients = vectors + machine->blockCount * columns * CVECTOR_LANES;
    Lanes sums[ROWS_AT_ONCE];
    for (size_t row = 0; row < count; row++) sums[row] = splat(0.0);
    for (size_t block = machine->blockCount; block > 0; block--) {
        Lanes values[ROWS_AT_ONCE];
        CV_NAME(products)(kernel, columns, count, vectors, rows, values);
        if (kernel == CVECTOR_RBF) CV_NAME(powersOf2)(count, &factor, values);
        const Lanes coefficient = *(const PackedLanes *)coefficients;
        for (size_t row = 0; row < count; row++) {
            if (kernel == CVECTOR_POLYNOMIAL) {
                const Lanes base = fused(values[row], gamma, coef0);
                CV_NAME(power8)(&base, numbers->degree, &values[row]);
            } else if (kernel == CVECTOR_SIGMOID) {
                const Lanes argument = fused(values[row], gamma, coef0);
                CV_NAME(tanh8)(&argument, &values[row]);
            }
            sums[row] = fused(coefficient, values[row], sums[row]);
        }
        vectors += columns * CVECTOR_LANES;
        coefficients += CVECTOR_LANES;
    }
    for (size_t row = 0; row < count; row++) {
        const Lanes s = sums[row];
        const double sum = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        decisions[row] = sum + numbers->intercept;
    }
}

/// Decides all rows with a kernel, and perhaps a column count, known at compile time.
CV_INLINE void CV_NAME(decideKernel)(
    const uint32_t kernel, const size_t columns, const Machine *machine, const double *rows,
    size_t rowCount, double *decisions) {
    for (; rowCount >= ROWS_AT_ONCE; rowCount -= ROWS_AT_ONCE) {
        CV_NAME(decideRows)(kernel, columns, ROWS_AT_ONCE, machine, rows, decisions);
        rows += ROWS_AT_ONCE * columns;
        decisions += ROWS_AT_ONCE;
    }
    for (; rowCount > 0; rowCount--) {
        CV_NAME(decideRows)(kernel, columns, 1, machine, rows, decisions);
        rows += columns;
        decisions += 1;
    }
}

/// Decides rows of an rbf machine, a few at once; those of few columns are kept in registers.
CV_INLINE void CV_NAME(decideRBF)(
    const size_t count, const Machine *machine, const double *rows, double *decisions) {
    switch (machine->columnCount) {
    case 1:
        CV_NAME(decideRows)(CVECTOR_RBF, 1, count, machine, rows, decisions);
        break;
    case 2:
        CV_NAME(decideRows)(CVECTOR_RBF, 2, count, machine, rows, decisions);
        break;
    case 3:
        CV_NAME(decideRows)(CVECTOR_RBF, 3, count, machine, rows, decisions);
        break;
    case 4:
        CV_NAME(decideRows)(CVECTOR_RBF, 4, count, machine, rows, decisions);
        break;
    default:
        CV_NAME(decideRows)(CVECTOR_RBF, machine->columnCount, count, machine, rows, decisions);
        break;
    }
}

/// Decides one row of an rbf machine; apart, since it needs no memory but its own.
CV_TARGET __attribute__((noinline)) static void CV_NAME(decideOne)(
    const CVectorSVM *numbers, const double *vectors, size_t blockCount, size_t columnCount,
    const double *row, double *decision) {
    const Machine machine = {numbers, vectors, blockCount, columnCount};
    CV_NAME(decideRBF)(1, &machine, row, decision);
}

/// Decides rows of a machine of any kernel.
CV_TARGET __attribute__((noinline)) static void CV_NAME(decideMany)(
    const CVectorSVM *numbers, const double *vectors, size_t blockCount, size_t columns,
    const double *rows, size_t rowCount, double *decisions) {
    const Machine machine = {numbers, vectors, blockCount, columns};
    switch (numbers->kernel) {
    case CVECTOR_LINEAR:
        CV_NAME(decideKernel)(CVECTOR_LINEAR, columns, &machine, rows, rowCount, decisions);
        break;
    case CVECTOR_POLYNOMIAL:
        CV_NAME(decideKernel)(CVECTOR_POLYNOMIAL, columns, &machine, rows, rowCount, decisions);
        break;
    case CVECTOR_SIGMOID:
        CV_NAME(decideKernel)(CVECTOR_SIGMOID, columns, &machine, rows, rowCount, decisions);
        break;
    default:
        for (; rowCount >= ROWS_AT_ONCE; rowCount -= ROWS_AT_ONCE) {
            CV_NAME(decideRBF)(ROWS_AT_ONCE, &machine, rows, decisions);
            rows += ROWS_AT_ONCE * columns;
            decisions += ROWS_AT_ONCE;
        }
        for (; rowCount > 0; rowCount--) {
            CV_NAME(decideOne)(numbers, vectors, blockCount, columns, rows, decisions);
            rows += columns;
            decisions += 1;
        }
        break;
    }
}

static inline void CV_NAME(decide)(
    const CVectorSVM *numbers, const double *vectors, size_t blockCount, size_t columnCount,
    const double *rows, size_t rowCount, double *decisions) {
    if (rowCount == 1 && numbers->kernel == CVECTOR_RBF) {
        CV_NAME(decideOne)(numbers, vectors, blockCount, columnCount, rows, decisions);
    } else {
        CV_NAME(decideMany)(
            numbers, vectors, blockCount, columnCount, rows, rowCount, decisions);
    }
}

CV_TARGET static void CV_NAME(exponential)(const double *values, double *results) {
    const Lanes x = *(const PackedLanes *)values;
    Lanes y;
    CV_NAME(exp8)(&x, &y);
    *(PackedLanes *)results = y;
}
