// The same driver as C++.
#include "../receiving_page/driver.c"
