// The layout as C++ sees it.
#include "wsk_layout_test.c"
