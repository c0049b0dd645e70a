// The page's code as C++.
#include "../receiving_page/receiving_data.c"
