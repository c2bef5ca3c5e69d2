#ifndef FLEETSCORE_CVECTOR_FOREST_H
#define FLEETSCORE_CVECTOR_FOREST_H

#include "CVectorForms.h"

/// Trees that are walked side by side, so that their latencies overlap.
#define CVECTOR_FOREST_LANES 8

/// Bits of a narrow node's link that hold the column.
#define CVECTOR_FOREST_FEATURE_BITS 8

/// A node of 8 bytes, for at most 255 columns: a row goes left where its value <= threshold.
///
/// Compared as float. A leaf's column is the one after the last, whose value is -infinity, and its
/// left child is itself, so walking on from a leaf stays there; the low 23 bits of its threshold
/// are the index of its values.
typedef struct {
    float threshold;
    /// Bit 31: a missing value goes left. Bits 8...30: the left child in its group; the right one
    /// is the next. Bits 0...7: the column.
    uint32_t link;
} CVectorNarrowNode;

/// A node of 16 bytes, compared as double; a leaf's threshold is the index of its values.
typedef struct {
    double threshold;
    uint32_t left;
    /// Bit 31: a missing value goes left. Bit 30: the threshold is the index of a category set.
    uint32_t feature;
} CVectorWideNode;

/// Up to eight trees, one after another in the nodes.
typedef struct {
    /// The first node; children count from here.
    uint32_t start;
    /// One less than a power of two; a child's index is cut to these bits.
    uint32_t mask;
    /// The most steps from a root to a leaf.
    uint32_t depth;
    uint32_t treeCount;
    uint32_t roots[CVECTOR_FOREST_LANES];
    /// The output column where a tree's values begin.
    uint32_t columns[CVECTOR_FOREST_LANES];
} CVectorForestGroup;

/// Trees over packed, 8-byte aligned memory; any bytes are safe, what does not fit is clamped.
typedef struct {
    /// CVectorNarrowNode or CVectorWideNode.
    const void *nodes;
    size_t nodeCount;
    const CVectorForestGroup *groups;
    size_t groupCount;
    /// [valueCount, valueWidth]
    const double *values;
    size_t valueCount;
    size_t valueWidth;
    /// [categorySetCount, 16]: eight words of categories that go left, eight of all known ones.
    const uint32_t *categorySets;
    size_t categorySetCount;
    /// Numbers from one row to the next, and how many of them are looked at.
    size_t rowStride;
    size_t columnCount;
    size_t outputCount;
    uint8_t isWide;
    /// Whether a value is rounded to float first, as scikit-learn's trees do; narrow ones always.
    uint8_t roundsToFloat;
    /// 1: some nodes send a missing value left. 2: some nodes have categories.
    uint8_t specialNodes;
} CVectorForest;

/// Doubles of scratch memory for rows of so many columns.
size_t cvector_forest_scratch(size_t rowCount, size_t columnCount);

/// Adds the trees' values of each row to its sums, tree after tree.
///
/// `rows` is [rowCount, rowStride], `sums` is [rowCount, outputCount], both row-major. Uses the
/// fastest form. A row's bits do not depend on the form, the other rows or their number.
void cvector_forest_add(
    const CVectorForest *forest, const double *rows, size_t rowCount, double *scratch,
    double *sums);

/// The same with one named form; returns 0 and writes nothing when the CPU or the build lacks it.
int cvector_forest_add_as(
    int form, const CVectorForest *forest, const double *rows, size_t rowCount, double *scratch,
    double *sums);

#endif
