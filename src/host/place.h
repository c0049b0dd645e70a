// Code addresses as a driver author reads them: module, function, source line.
#pragma once

#include <string>

namespace wskrun::host {

// Where the call is that returns to `return_address`: "echo.so: start+0x12 (echo.c:81)". Leaves out
// what the module does not tell; "" for NULL. Reads debug information, so it may take long and
// allocate; for reports only. Any thread.
std::string place_of(const void* return_address);

}  // namespace wskrun::host
