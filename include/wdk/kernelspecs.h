/*
 * kernelspecs.h: the annotation words of IRQLs and locks; all of them are in sal.h.
 */
#pragma once

#include <sal.h>
