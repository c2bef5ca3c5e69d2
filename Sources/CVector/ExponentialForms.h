// Exponentials of one form; included once for each instruction set, before what uses them.
//
// 2^t = 2^(k / 16) * 2^f with k an integer and |f| <= 1 / 32: a table of sixteen powers and a
// polynomial of degree 6 (relative error 1.5e-17), about one unit in the last place together.

/// 2^(k / 16) for k in the low bits of `shifted`: four index the table, the rest is the exponent.
CV_INLINE void CV_NAME(scale8)(const Lanes *shifted, Lanes *scale) {
    const LaneBits bits = (LaneBits)*shifted;
#if CV_PERMUTES
    const __m512i low = _mm512_load_si512(sixteenths);
    const __m512i high = _mm512_load_si512(sixteenths + 8);
    const LaneBits entry = (LaneBits)_mm512_permutex2var_epi64(low, (__m512i)bits, high);
#else
    LaneBits entry;
    for (int lane = 0; lane < CVECTOR_LANES; lane++) entry[lane] = sixteenths[bits[lane] & 15];
#endif
    *scale = (Lanes)((bits << 48) + entry);
}

/// 2^(value * factor) in place for products that are not above 0; below 2^-1020 it is 0.
CV_INLINE void CV_NAME(powersOf2)(const size_t count, const Lanes *factor, Lanes *values) {
    for (size_t i = 0; i < count; i++) {
        const Lanes value = values[i];
        // The sum's last bit is 1/16, so it rounds the product to sixteenths.
        const Lanes shifted = fused(value, *factor, splat(roundToSixteenths));
        const Lanes f = fused(value, *factor, roundToSixteenths - shifted);
        Lanes p = fused(splat(0x1.430a1d168bf62p-13), f, splat(0x1.5d897e66039f9p-10));
        p = fused(p, f, splat(0x1.3b2ab6fb41170p-7));
        p = fused(p, f, splat(0x1.c6b08d6f2a0b1p-5));
        p = fused(p, f, splat(0x1.ebfbdff82c590p-3));
        p = fused(p, f, splat(0x1.62e42fefa39f3p-1));
        Lanes scale;
        CV_NAME(scale8)(&shifted, &scale);
        const LaneMask flushed = shifted < roundToSixteenths - 1020.0;
        values[i] = (Lanes)((LaneMask)fused(scale, f * p, scale) & ~flushed);
    }
}

/// exp(x): the same with e^r for |r| <= ln 2 / 32; below -708 it is 0, above 709 it is exp(709).
CV_INLINE void CV_NAME(exp8)(const Lanes *input, Lanes *output) {
    const LaneMask flushed = *input < -708.0;
    const LaneMask large = *input > 709.0;
    // A NaN passes through.
    const Lanes x =
        (Lanes)(((LaneMask)*input & ~(flushed | large)) | ((LaneMask)splat(709.0) & large));
    const Lanes shifted = fused(x, splat(0x1.71547652b82fep+0), splat(roundToSixteenths));
    const Lanes k = shifted - roundToSixteenths;
    // ln 2 in two parts: the first difference is exact.
    const Lanes high = fused(k, splat(-0x1.62e42fefa39efp-1), x);
    const Lanes r = fused(k, splat(-0x1.abc9e3b39803fp-56), high);
    Lanes p = fused(splat(0x1.6c17ed5c1f49ep-10), r, splat(0x1.11123d01366d4p-7));
    p = fused(p, r, splat(0x1.55555554e93b7p-5));
    p = fused(p, r, splat(0x1.555555547d216p-3));
    p = fused(p, r, splat(0.5));
    p = fused(p, r, splat(1.0));
    Lanes scale;
    CV_NAME(scale8)(&shifted, &scale);
    *output = (Lanes)((LaneMask)fused(scale, r * p, scale) & ~flushed);
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
