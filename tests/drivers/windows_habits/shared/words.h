/* Includes its neighbour by the way round. */
#pragma once

#include "..\SHARED\more_words.h"

#define FIRST_WORD "found in any case"
