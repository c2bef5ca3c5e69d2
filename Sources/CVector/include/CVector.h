#ifndef FLEETSCORE_CVECTOR_H
#define FLEETSCORE_CVECTOR_H

#include "CVectorDense.h"
#include "CVectorForest.h"
#include "CVectorForms.h"
#include "CVectorSVM.h"

#endif
