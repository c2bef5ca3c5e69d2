// Logarithms, cosines and activations of one form; included after ExponentialForms.h.

/// log(x) of positive, normal numbers; relative error below one unit in the last place.
///
/// Source: Sun Microsystems, fdlibm, e_log.c.
CV_INLINE void CV_NAME(log8)(const Lanes *input, Lanes *output) {
    // x = 2^k * m with m from sqrt(1/2) to sqrt(2).
    const LaneBits bits = (LaneBits)*input;
    const LaneMask exponent = ((LaneMask)(bits - 0x3fe6a09e667f3bcdULL)) >> 52;
    const Lanes k = (Lanes)(exponent + 0x4338000000000000LL) - 0x1.8p52;
    const Lanes f = (Lanes)(bits - ((LaneBits)exponent << 52)) - 1.0;
    const Lanes s = f / (f + 2.0);
    const Lanes z = s * s;
    Lanes p = fused(splat(1.479819860511658591e-01), z, splat(1.531383769920937332e-01));
    p = fused(p, z, splat(1.818357216161805012e-01));
    p = fused(p, z, splat(2.222219843214978396e-01));
    p = fused(p, z, splat(2.857142874366239149e-01));
    p = fused(p, z, splat(3.999999999940941908e-01));
    p = fused(p, z, splat(6.666666666666735130e-01));
    const Lanes half = f * f * 0.5;
    const Lanes low = fused(s, half + p * z, k * 1.90821492927058770002e-10);
    *output = k * 6.93147180369123816490e-01 - ((half - low) - f);
}

/// cos(x) for |x| up to 2^45, elsewhere not a number; absolute error about 1e-16.
///
/// Source: Sun Microsystems, fdlibm, k_sin.c and k_cos.c.
CV_INLINE void CV_NAME(cos8)(const Lanes *input, Lanes *output) {
    const Lanes x = *input;
    const Lanes shifted = fused(x, splat(0x1.45f306dc9c883p-1), splat(0x1.8p52));
    const Lanes k = shifted - 0x1.8p52;
    Lanes r = fused(k, splat(-0x1.921fb54442d18p+0), x);
    r = fused(k, splat(-0x1.1a62633145c07p-54), r);
    const Lanes z = r * r;
    Lanes s = fused(splat(1.58969099521155010221e-10), z, splat(-2.50507602534068634195e-08));
    s = fused(s, z, splat(2.75573137070700676789e-06));
    s = fused(s, z, splat(-1.98412698298579493134e-04));
    s = fused(s, z, splat(8.33333333332248946124e-03));
    s = fused(s, z, splat(-1.66666666666666324348e-01));
    const Lanes sine = fused(r * z, s, r);
    Lanes c = fused(splat(-1.13596475577881948265e-11), z, splat(2.08757232129817482790e-09));
    c = fused(c, z, splat(-2.75573143513906633035e-07));
    c = fused(c, z, splat(2.48015872894767294178e-05));
    c = fused(c, z, splat(-1.38888888888741095749e-03));
    c = fused(c, z, splat(4.16666666666666019037e-02));
    const Lanes cosine = fused(z * z, c, 1.0 - z * 0.5);
    // The quadrant decides between the two and their signs.
    const LaneMask quadrant = (LaneMask)shifted;
    const LaneMask isOdd = -(quadrant & 1);
    const LaneMask sign = ((quadrant + 1) & 2) << 62;
    const LaneMask size = (LaneMask)x & 0x7fffffffffffffffLL;
    const LaneMask isHuge = size > 0x42c0000000000000LL;
    const LaneMask value =
        (((LaneMask)sine & isOdd) | ((LaneMask)cosine & ~isOdd)) ^ sign;
    *output = (Lanes)((value & ~isHuge) | (isHuge & 0x7ff8000000000000LL));
}

/// 1 / (1 + exp(-x)).
CV_INLINE void CV_NAME(logistic8)(const Lanes *input, Lanes *output) {
    const Lanes negative = -*input;
    Lanes power;
    CV_NAME(exp8)(&negative, &power);
    *output = 1.0 / (1.0 + power);
}

/// An activation in place.
CV_INLINE void CV_NAME(activate)(const uint32_t activation, Lanes *value) {
    const Lanes x = *value;
    switch (activation) {
    case CVECTOR_RELU: {
        // Written so that a NaN stays one.
        const LaneMask isNegative = x < 0.0;
        *value = (Lanes)((LaneMask)x & ~isNegative);
        break;
    }
    case CVECTOR_LOGISTIC:
        CV_NAME(logistic8)(&x, value);
        break;
    case CVECTOR_TANH:
        CV_NAME(tanh8)(&x, value);
        break;
    case CVECTOR_EXPONENTIAL: {
        // Squaring the root lets what is too large become infinite.
        const LaneMask isLarge = x > 700.0;
        const Lanes half = x * 0.5;
        Lanes root, power;
        CV_NAME(exp8)(&half, &root);
        CV_NAME(exp8)(&x, &power);
        *value = (Lanes)(((LaneMask)(root * root) & isLarge) | ((LaneMask)power & ~isLarge));
        break;
    }
    case CVECTOR_COSINE:
        CV_NAME(cos8)(&x, value);
        break;
    default:
        break;
    }
}
