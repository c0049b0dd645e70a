// Is memory there, before anybody touches it? For functions that on Windows raise an exception when
// the driver hands them a bad address.
#pragma once

#include <cstddef>

namespace wskrun::nt {

enum class Access { kRead, kWrite };

// Every byte of the range can be read (written). Changes nothing. What was found there once is
// remembered for a while, so the answer explains a driver's mistake but promises nothing.
bool memory_is_there(const void* address, std::size_t size_bytes, Access access);

}  // namespace wskrun::nt
