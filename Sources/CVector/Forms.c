#include "CVectorForms.h"

#include "KnownForm.h"

int cvector_has_form(int form) {
    switch (form) {
    case CVECTOR_PORTABLE:
        return 1;
#if defined(__x86_64__)
    case CVECTOR_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case CVECTOR_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2")
            && __builtin_cpu_supports("fma");
#endif
    default:
        return 0;
    }
}

_Atomic int cvectorKnownForm = -1;

int cvector_best_form(void) {
    // The first calls may race to store the same number.
    int form = __c11_atomic_load(&cvectorKnownForm, __ATOMIC_RELAXED);
    if (form >= 0) return form;
    form = CVECTOR_AVX512;
    while (!cvector_has_form(form)) form -= 1;
    __c11_atomic_store(&cvectorKnownForm, form, __ATOMIC_RELAXED);
    return form;
}
