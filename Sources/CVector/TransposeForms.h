// Rows to lanes and back, of one form.

#define CV_UNPACK_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define CV_UNPACK_HIGH(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define CV_PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define CV_PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define CV_HALVES_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define CV_HALVES_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/// Turns eight vectors of eight around in place.
CV_INLINE void CV_NAME(transpose8)(Lanes *v) {
    const Lanes a0 = CV_UNPACK_LOW(v[0], v[1]), a1 = CV_UNPACK_HIGH(v[0], v[1]);
    const Lanes a2 = CV_UNPACK_LOW(v[2], v[3]), a3 = CV_UNPACK_HIGH(v[2], v[3]);
    const Lanes a4 = CV_UNPACK_LOW(v[4], v[5]), a5 = CV_UNPACK_HIGH(v[4], v[5]);
    const Lanes a6 = CV_UNPACK_LOW(v[6], v[7]), a7 = CV_UNPACK_HIGH(v[6], v[7]);
    const Lanes b0 = CV_PAIRS_LOW(a0, a2), b2 = CV_PAIRS_HIGH(a0, a2);
    const Lanes b1 = CV_PAIRS_LOW(a1, a3), b3 = CV_PAIRS_HIGH(a1, a3);
    const Lanes b4 = CV_PAIRS_LOW(a4, a6), b6 = CV_PAIRS_HIGH(a4, a6);
    const Lanes b5 = CV_PAIRS_LOW(a5, a7), b7 = CV_PAIRS_HIGH(a5, a7);
    v[0] = CV_HALVES_LOW(b0, b4);
    v[1] = CV_HALVES_LOW(b1, b5);
    v[2] = CV_HALVES_LOW(b2, b6);
    v[3] = CV_HALVES_LOW(b3, b7);
    v[4] = CV_HALVES_HIGH(b0, b4);
    v[5] = CV_HALVES_HIGH(b1, b5);
    v[6] = CV_HALVES_HIGH(b2, b6);
    v[7] = CV_HALVES_HIGH(b3, b7);
}

#undef CV_UNPACK_LOW
#undef CV_UNPACK_HIGH
#undef CV_PAIRS_LOW
#undef CV_PAIRS_HIGH
#undef CV_HALVES_LOW
#undef CV_HALVES_HIGH

/// Loads eight numbers from where a row goes on; beyond `available` they are 0.
CV_INLINE void CV_NAME(loadPart)(const double *values, const size_t available, Lanes *result) {
    if (available >= CVECTOR_LANES) {
        *result = *(const PackedLanes *)values;
        return;
    }
    Lanes part = splat(0.0);
    for (size_t i = 0; i < available; i++) part[i] = values[i];
    *result = part;
}

/// Loads up to eight rows, a vector for each column; missing rows repeat the first.
CV_INLINE void CV_NAME(load)(
    const double *rows, const size_t count, const size_t columns, const double *center,
    Lanes *x) {
    const double *row[CVECTOR_LANES];
    for (size_t i = 0; i < CVECTOR_LANES; i++) row[i] = rows + (i < count ? i : 0) * columns;
    size_t column = 0;
    for (; column + CVECTOR_LANES <= columns; column += CVECTOR_LANES) {
        Lanes block[CVECTOR_LANES];
        for (size_t i = 0; i < CVECTOR_LANES; i++) {
            block[i] = *(const PackedLanes *)(row[i] + column);
        }
        CV_NAME(transpose8)(block);
        for (size_t i = 0; i < CVECTOR_LANES; i++) x[column + i] = block[i];
    }
    const size_t rest = columns - column;
    if (rest == 1) {
        x[column] = (Lanes){row[0][column], row[1][column], row[2][column], row[3][column],
            row[4][column], row[5][column], row[6][column], row[7][column]};
    } else if (rest > 1) {
        // A row's last columns come with the first ones of the next row, which are not used.
        const double *end = rows + count * columns;
        Lanes block[CVECTOR_LANES];
        for (size_t i = 0; i < CVECTOR_LANES; i++) {
            const double *values = row[i] + column;
            CV_NAME(loadPart)(values, (size_t)(end - values), &block[i]);
        }
        CV_NAME(transpose8)(block);
        for (size_t i = 0; i < rest; i++) x[column + i] = block[i];
    }
    if (center) {
        for (size_t i = 0; i < columns; i++) x[i] -= splat(center[i]);
    }
}

/// Stores `width` (at most eight) vectors as columns `first...` of `count` rows of `columns`.
CV_INLINE void CV_NAME(store)(
    Lanes *y, const size_t width, const size_t count, const size_t columns, const size_t first,
    double *outputs) {
    if (width == 1 && columns == 1 && count == CVECTOR_LANES) {
        *(PackedLanes *)outputs = y[0];
        return;
    }
    if (width == CVECTOR_LANES) {
        CV_NAME(transpose8)(y);
        for (size_t i = 0; i < count; i++) *(PackedLanes *)(outputs + i * columns + first) = y[i];
        return;
    }
    if (width == columns && count == CVECTOR_LANES) {
        for (size_t i = width; i < CVECTOR_LANES; i++) y[i] = y[0];
        CV_NAME(transpose8)(y);
        // What a vector writes beyond its row, the next rows write again; the last ones stop.
        for (size_t i = 0; i < count; i++) {
            if (i * columns + CVECTOR_LANES <= count * columns) {
                *(PackedLanes *)(outputs + i * columns) = y[i];
            } else {
                for (size_t j = 0; j < width; j++) outputs[i * columns + j] = y[i][j];
            }
        }
        return;
    }
    for (size_t column = 0; column < width; column++) {
        const Lanes value = y[column];
        for (size_t i = 0; i < count; i++) outputs[i * columns + first + column] = value[i];
    }
}
