#ifndef FLEETSCORE_KNOWN_FORM_H
#define FLEETSCORE_KNOWN_FORM_H

#include "CVectorForms.h"

/// What ``cvector_best_form`` found; below 0 before its first call.
extern _Atomic int cvectorKnownForm;

/// The same without a call, for what takes less time than one.
static inline int knownForm(void) {
    return __c11_atomic_load(&cvectorKnownForm, __ATOMIC_RELAXED);
}

#endif
