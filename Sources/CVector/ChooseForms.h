// One form of choosing a class: numbers, one a class, become a score and an index.

/// Moves on to a larger value and its index; a NaN is never larger.
CV_INLINE void CV_NAME(better)(
    const Lanes *value, const size_t index, Lanes *best, Lanes *label) {
    const LaneMask isBetter = *value > *best;
    *best = (Lanes)(((LaneMask)*value & isBetter) | ((LaneMask)*best & ~isBetter));
    const LaneMask number = (LaneMask)splat((double)index);
    *label = (Lanes)((number & isBetter) | ((LaneMask)*label & ~isBetter));
}

/// exp(z - largest) of each class in place; their sum.
CV_INLINE void CV_NAME(exponentials)(
    const size_t classes, const Lanes *largest, Lanes *z, Lanes *sum) {
    Lanes total = splat(0.0);
    for (size_t k = 0; k < classes; k++) {
        const Lanes difference = z[k] - *largest;
        CV_NAME(exp8)(&difference, &z[k]);
        total += z[k];
    }
    *sum = total;
}

/// Numbers from 0 to 1 of each class, in place; their sum and the largest.
CV_INLINE void CV_NAME(shares)(
    const uint32_t rule, const size_t classes, Lanes *z, Lanes *sum, Lanes *largest) {
    Lanes total = splat(0.0), best = splat(0.0), ignored = splat(0.0);
    for (size_t k = 0; k < classes; k++) {
        Lanes p;
        if (rule == CVECTOR_CHOOSE_LOGISTIC) {
            CV_NAME(logistic8)(&z[k], &p);
        } else {
            const LaneMask isLow = z[k] < -1.0, isHigh = z[k] > 1.0;
            const LaneMask inside = (LaneMask)z[k] & ~(isLow | isHigh);
            const LaneMask outside =
                ((LaneMask)splat(-1.0) & isLow) | ((LaneMask)splat(1.0) & isHigh);
            p = ((Lanes)(inside | outside) + 1.0) * 0.5;
        }
        total += p;
        CV_NAME(better)(&p, k, &best, &ignored);
    }
    *sum = total;
    *largest = best;
}

CV_TARGET static void CV_NAME(choose)(
    const uint32_t rule, const size_t classes, const double *rows, const size_t count, Lanes *z,
    double *outputs) {
    CV_NAME(load)(rows, count, classes, NULL, z);
    Lanes best = z[0], label = splat(0.0), result[2];
    for (size_t k = 1; k < classes; k++) CV_NAME(better)(&z[k], k, &best, &label);
    Lanes sum;
    switch (rule) {
    case CVECTOR_CHOOSE_SOFTMAX:
    case CVECTOR_CHOOSE_PROBABILITY:
        CV_NAME(exponentials)(classes, &best, z, &sum);
        if (rule == CVECTOR_CHOOSE_PROBABILITY) {
            best = z[0];
            label = splat(0.0);
            for (size_t k = 1; k < classes; k++) CV_NAME(better)(&z[k], k, &best, &label);
        }
        best = 1.0 / sum;
        break;
    case CVECTOR_CHOOSE_LOGISTIC:
    case CVECTOR_CHOOSE_HUBER: {
        CV_NAME(shares)(rule, classes, z, &sum, &best);
        // No class at all: all are as likely.
        const LaneMask isNone = sum == 0.0;
        const LaneMask equal = (LaneMask)splat(1.0 / (double)classes);
        best = (Lanes)(((LaneMask)(best / sum) & ~isNone) | (equal & isNone));
        break;
    }
    case CVECTOR_CHOOSE_LOG_SUM: {
        const Lanes largest = best;
        Lanes logarithm;
        CV_NAME(exponentials)(classes, &largest, z, &sum);
        CV_NAME(log8)(&sum, &logarithm);
        best = largest + logarithm;
        break;
    }
    case CVECTOR_CHOOSE_SECOND: {
        const Lanes largest = best;
        CV_NAME(exponentials)(classes, &largest, z, &sum);
        best = z[classes > 1 ? 1 : 0] / sum;
        break;
    }
    case CVECTOR_CHOOSE_DIFFERENCE:
        best = z[classes > 1 ? 1 : 0] - z[0];
        break;
    case CVECTOR_CHOOSE_HALF: {
        CV_NAME(logistic8)(&z[0], &best);
        const LaneMask isOne = best > 0.5;
        label = (Lanes)((LaneMask)splat(1.0) & isOne);
        break;
    }
    default:
        break;
    }
    result[0] = best;
    result[1] = label;
    CV_NAME(store)(result, 2, count, 2, 0, outputs);
}
