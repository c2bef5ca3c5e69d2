#include "CVectorForest.h"

#include "Lanes.h"
#include <math.h>

#define FOREST_LANES CVECTOR_FOREST_LANES
#define MISSING_LEFT 0x80000000u
#define CATEGORICAL 0x40000000u
/// Words of a set of 256 categories.
#define SET_WORDS 8
/// Steps of a walk before it is looked whether all trees are at a leaf.
#define STEPS_BETWEEN_LOOKS 8
/// Floats behind the rows that a hostile column may point at.
#define ROW_SLACK ((size_t)1 << CVECTOR_FOREST_FEATURE_BITS)

// MARK: Narrow nodes

/// Whether a value that may be missing goes right.
static inline uint32_t narrowSpecial(
    const CVectorForest *forest, CVectorNarrowNode node, float value, uint32_t right) {
    (void)forest;
    return right & (value == value || !(node.link & MISSING_LEFT));
}

static inline size_t narrowLeaf(CVectorNarrowNode node) {
    union {
        float value;
        uint32_t bits;
    } threshold = {.value = node.threshold};
    return threshold.bits & 0x7fffff;
}

#define FW_NAME(name) narrow##name
#define FW_NODE CVectorNarrowNode
#define FW_VALUE float
#define FW_COLUMN(node) ((node).link & (ROW_SLACK - 1))
#define FW_LEFT(node) ((node).link >> CVECTOR_FOREST_FEATURE_BITS)
#define FW_LEAF(node) narrowLeaf(node)
#include "ForestWalk.h"
#undef FW_NAME
#undef FW_NODE
#undef FW_VALUE
#undef FW_COLUMN
#undef FW_LEFT
#undef FW_LEAF

// MARK: Wide nodes

/// Whether a value that may be missing or of a category goes right.
///
/// - Source: scikit-learn, _hist_gradient_boosting/_predictor.pyx, _predict_one_from_raw_data.
static inline uint32_t wideSpecial(
    const CVectorForest *forest, CVectorWideNode node, double value, uint32_t right) {
    const uint32_t missing = !(node.feature & MISSING_LEFT);
    if (value != value) return missing;
    if (!(node.feature & CATEGORICAL)) return right;
    // Written so that a number that is none is refused too.
    if (!(node.threshold >= 0 && node.threshold < (double)forest->categorySetCount)) return missing;
    if (!(value >= 0 && value < 32 * SET_WORDS)) return missing;
    const uint32_t *words = forest->categorySets + (size_t)node.threshold * 2 * SET_WORDS;
    const uint32_t category = (uint32_t)value;
    const uint32_t bit = 1u << (category & 31);
    if (words[category >> 5] & bit) return 0;
    return words[SET_WORDS + (category >> 5)] & bit ? 1 : missing;
}

static inline size_t wideColumn(const CVectorForest *forest, CVectorWideNode node) {
    const size_t column = node.feature & ~(MISSING_LEFT | CATEGORICAL);
    return column < forest->columnCount ? column : forest->columnCount;
}

static inline size_t wideLeaf(CVectorWideNode node) {
    return node.threshold >= 0 && node.threshold < 4294967296.0 ? (size_t)node.threshold : 0;
}

#define FW_NAME(name) wide##name
#define FW_NODE CVectorWideNode
#define FW_VALUE double
#define FW_COLUMN(node) wideColumn(forest, node)
#define FW_LEFT(node) ((node).left)
#define FW_LEAF(node) wideLeaf(node)
#include "ForestWalk.h"

// MARK: Several rows at once

#if defined(__x86_64__)
#define CV_NAME(name) name##AVX2
#define CV_TARGET CV_AVX2
#define FF_ROWS 4
#define FF_WHOLE_NODES 0
enum { rowsAVX2 = FF_ROWS };
#include "ForestForms.h"
#undef CV_NAME
#undef CV_TARGET
#undef FF_ROWS
#undef FF_WHOLE_NODES

#define CV_NAME(name) name##AVX512
#define CV_TARGET CV_AVX512
#define FF_ROWS 6
#define FF_WHOLE_NODES 1
enum { rowsAVX512 = FF_ROWS };
#include "ForestForms.h"
#endif

/// Rows from `first` on that the form takes together; 1 when the plain walk has to do it.
static size_t rowsTogether(
    int form, const CVectorForest *forest, const uint8_t *isSpecial, size_t first,
    size_t rowCount) {
#if defined(__x86_64__)
    const size_t count = form == CVECTOR_AVX512 ? rowsAVX512 : form == CVECTOR_AVX2 ? rowsAVX2 : 1;
#else
    const size_t count = 1;
#endif
    if (forest->isWide || first + count > rowCount) return 1;
    for (size_t row = first; row < first + count; row++) {
        if (isSpecial[row]) return 1;
    }
    return count;
}

static void addGroup(
    int form, const CVectorForest *forest, const CVectorForestGroup *group, const double *scratch,
    size_t rowCount, const uint8_t *isSpecial, double *sums) {
    const size_t stride = forest->columnCount + 1;
    for (size_t row = 0; row < rowCount;) {
        double *target = sums + row * forest->outputCount;
        if (forest->isWide) {
            const CVectorWideNode *nodes = (const CVectorWideNode *)forest->nodes + group->start;
            wideAddRow(forest, nodes, group, scratch + row * stride, isSpecial[row], target);
            row += 1;
            continue;
        }
        const CVectorNarrowNode *nodes = (const CVectorNarrowNode *)forest->nodes + group->start;
        const float *values = (const float *)scratch + row * stride;
        const size_t count = rowsTogether(form, forest, isSpecial, row, rowCount);
        if (count == 1) {
            narrowAddRow(forest, nodes, group, values, isSpecial[row], target);
#if defined(__x86_64__)
        } else if (form == CVECTOR_AVX512) {
            addRowsAVX512(forest, nodes, group, values, target);
        } else {
            addRowsAVX2(forest, nodes, group, values, target);
#endif
        }
        row += count;
    }
}

/// Copies a row as the nodes compare it, with -infinity behind it for the leaves.
///
/// Returns whether the plain comparison does not do for it.
static uint8_t copyRow(
    const CVectorForest *forest, const double *row, double *scratch, size_t index) {
    const size_t columns = forest->columnCount;
    uint8_t isMissing = 0;
    if (forest->isWide) {
        double *copy = scratch + index * (columns + 1);
        for (size_t column = 0; column < columns; column++) {
            const double value = row[column];
            copy[column] = forest->roundsToFloat ? (double)(float)value : value;
            isMissing |= value != value;
        }
        copy[columns] = -INFINITY;
    } else {
        float *copy = (float *)scratch + index * (columns + 1);
        for (size_t column = 0; column < columns; column++) {
            copy[column] = (float)row[column];
            isMissing |= row[column] != row[column];
        }
        copy[columns] = -INFINITY;
    }
    return forest->specialNodes > 1 || (forest->specialNodes && isMissing);
}

size_t cvector_forest_scratch(size_t rowCount, size_t columnCount) {
    // The rows, what a hostile column may reach behind them, then a byte a row.
    return rowCount * (columnCount + 1) + ROW_SLACK + rowCount / sizeof(double) + 1;
}

static void addWith(
    int form, const CVectorForest *forest, const double *rows, size_t rowCount, double *scratch,
    double *sums) {
    if (forest->valueCount == 0 || forest->valueWidth > forest->outputCount) return;
    uint8_t *isSpecial =
        (uint8_t *)(scratch + rowCount * (forest->columnCount + 1) + ROW_SLACK);
    for (size_t row = 0; row < rowCount; row++) {
        isSpecial[row] = copyRow(forest, rows + row * forest->rowStride, scratch, row);
    }
    for (size_t index = 0; index < forest->groupCount; index++) {
        CVectorForestGroup group = forest->groups[index];
        // One more than the mask may be reached: the right child of the last left one.
        if ((group.mask & (group.mask + 1)) != 0 || group.mask > 0x7fffffff
            || (uint64_t)group.start + group.mask + 1 >= forest->nodeCount)
            continue;
        if (group.treeCount > FOREST_LANES) group.treeCount = FOREST_LANES;
        if (group.depth > group.mask) group.depth = group.mask;
        addGroup(form, forest, &group, scratch, rowCount, isSpecial, sums);
    }
}

int cvector_forest_add_as(
    int form, const CVectorForest *forest, const double *rows, size_t rowCount, double *scratch,
    double *sums) {
    if (!cvector_has_form(form)) return 0;
    addWith(form, forest, rows, rowCount, scratch, sums);
    return 1;
}

void cvector_forest_add(
    const CVectorForest *forest, const double *rows, size_t rowCount, double *scratch,
    double *sums) {
    addWith(cvector_best_form(), forest, rows, rowCount, scratch, sums);
}
