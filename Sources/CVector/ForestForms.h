// The walk of eight narrow trees over several rows with vector gathers, once an instruction set.
//
// The includer defines CV_NAME(name), CV_TARGET and FF_ROWS, the rows that are walked together so
// that their latencies overlap. Only comparisons and copies: the bits are those of the plain walk.

/// The eight nodes' thresholds and links.
static inline __attribute__((always_inline)) CV_TARGET void CV_NAME(gatherNodes)(
    const CVectorNarrowNode *nodes, __m256i at, __m256 *threshold, __m256i *link) {
#if FF_WHOLE_NODES
    const __m512i both = _mm512_i32gather_epi64(at, nodes, 8);
    *threshold = _mm256_castsi256_ps(_mm512_cvtepi64_epi32(both));
    *link = _mm512_cvtepi64_epi32(_mm512_srli_epi64(both, 32));
#else
    *threshold = _mm256_i32gather_ps((const float *)nodes, at, 8);
    *link = _mm256_i32gather_epi32((const int *)nodes + 1, at, 8);
#endif
}

/// Adds a group of trees to FF_ROWS rows; `isShort` when a row and its end fit eight floats.
static inline __attribute__((always_inline)) CV_TARGET void CV_NAME(addRowsOf)(
    const CVectorForest *forest, const CVectorNarrowNode *nodes, const CVectorForestGroup *group,
    const float *rows, int isShort, double *sums) {
    const size_t stride = forest->columnCount + 1;
    const __m256i mask = _mm256_set1_epi32((int)group->mask);
    const __m256i columnBits = _mm256_set1_epi32((1 << CVECTOR_FOREST_FEATURE_BITS) - 1);
    const __m256i root =
        _mm256_and_si256(_mm256_loadu_si256((const __m256i *)group->roots), mask);
    __m256i at[FF_ROWS];
    __m256 values[FF_ROWS];
    for (int row = 0; row < FF_ROWS; row++) {
        at[row] = root;
        values[row] = _mm256_loadu_ps(rows + (size_t)row * stride);
    }
    uint32_t depth = group->depth;
    while (depth > 0) {
        const uint32_t steps = depth < STEPS_BETWEEN_LOOKS ? depth : STEPS_BETWEEN_LOOKS;
        depth -= steps;
        __m256i last = root;
        for (uint32_t step = 0; step < steps; step++) {
            last = _mm256_set1_epi32((int)forest->columnCount);
#pragma clang loop unroll(full)
            for (int row = 0; row < FF_ROWS; row++) {
                __m256 threshold;
                __m256i link;
                CV_NAME(gatherNodes)(nodes, at[row], &threshold, &link);
                const __m256i column = _mm256_and_si256(link, columnBits);
                const __m256 value = isShort
                    ? _mm256_permutevar8x32_ps(values[row], column)
                    : _mm256_i32gather_ps(rows + (size_t)row * stride, column, 4);
                // Columns are at most that of a leaf, so all are it when the least is.
                last = _mm256_min_epu32(last, column);
                const __m256i left = _mm256_and_si256(
                    _mm256_srli_epi32(link, CVECTOR_FOREST_FEATURE_BITS), mask);
                const __m256i right =
                    _mm256_castps_si256(_mm256_cmp_ps(value, threshold, _CMP_NLE_UQ));
                at[row] = _mm256_sub_epi32(left, right);
            }
        }
        const __m256i leaf = _mm256_set1_epi32((int)forest->columnCount);
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi32(last, leaf)) == -1) break;
    }
    for (int row = 0; row < FF_ROWS; row++) {
        uint32_t ends[FOREST_LANES];
        _mm256_storeu_si256((__m256i *)ends, at[row]);
        narrowAddValues(forest, nodes, group, ends, sums + (size_t)row * forest->outputCount);
    }
}

CV_TARGET static void CV_NAME(addRows)(
    const CVectorForest *forest, const CVectorNarrowNode *nodes, const CVectorForestGroup *group,
    const float *rows, double *sums) {
    if (forest->columnCount < FOREST_LANES) {
        CV_NAME(addRowsOf)(forest, nodes, group, rows, 1, sums);
    } else {
        CV_NAME(addRowsOf)(forest, nodes, group, rows, 0, sums);
    }
}
