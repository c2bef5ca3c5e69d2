// The walk of eight trees over one row, written once for both kinds of nodes.
//
// The includer defines FW_NAME(name), FW_NODE, FW_VALUE (what rows are made of), FW_COLUMN(node),
// FW_LEFT(node) and FW_LEAF(node), the index of a leaf's values; and the function FW_NAME(Special).

/// Walks one row through the trees of a group; `at` becomes where it ends in each.
static inline __attribute__((always_inline)) void FW_NAME(Walk)(
    const CVectorForest *forest, const FW_NODE *nodes, const CVectorForestGroup *group,
    const FW_VALUE *row, int isSpecial, uint32_t *at) {
    const uint32_t mask = group->mask;
    uint32_t depth = group->depth;
    for (int lane = 0; lane < FOREST_LANES; lane++) at[lane] = group->roots[lane] & mask;
    while (depth > 0) {
        const uint32_t steps = depth < STEPS_BETWEEN_LOOKS ? depth : STEPS_BETWEEN_LOOKS;
        depth -= steps;
        for (uint32_t step = 0; step < steps; step++) {
#pragma clang loop unroll(full) vectorize(disable)
            for (int lane = 0; lane < FOREST_LANES; lane++) {
                const FW_NODE node = nodes[at[lane]];
                const FW_VALUE value = row[FW_COLUMN(node)];
                uint32_t right = !(value <= (FW_VALUE)node.threshold);
                if (isSpecial) right = FW_NAME(Special)(forest, node, value, right);
                at[lane] = (FW_LEFT(node) & mask) + right;
            }
        }
        if (depth == 0) break;
        int hasArrived = 1;
        for (int lane = 0; lane < FOREST_LANES; lane++) {
            hasArrived &= FW_COLUMN(nodes[at[lane]]) == forest->columnCount;
        }
        if (hasArrived) break;
    }
}

/// Adds what the leaves give to a row's sums.
static inline __attribute__((always_inline)) void FW_NAME(AddValues)(
    const CVectorForest *forest, const FW_NODE *nodes, const CVectorForestGroup *group,
    const uint32_t *at, double *sums) {
    const size_t width = forest->valueWidth;
    for (uint32_t lane = 0; lane < group->treeCount; lane++) {
        size_t index = FW_LEAF(nodes[at[lane]]);
        if (index >= forest->valueCount) index = 0;
        size_t column = group->columns[lane];
        if (column > forest->outputCount - width) column = 0;
        const double *values = forest->values + index * width;
        for (size_t k = 0; k < width; k++) sums[column + k] += values[k];
    }
}

/// Walks one row through a group and adds what its leaves give.
static void FW_NAME(AddRow)(
    const CVectorForest *forest, const FW_NODE *nodes, const CVectorForestGroup *group,
    const FW_VALUE *row, int isSpecial, double *sums) {
    uint32_t at[FOREST_LANES];
    if (isSpecial) {
        FW_NAME(Walk)(forest, nodes, group, row, 1, at);
    } else {
        FW_NAME(Walk)(forest, nodes, group, row, 0, at);
    }
    FW_NAME(AddValues)(forest, nodes, group, at, sums);
}
