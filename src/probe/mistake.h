// One line for each thing that a driver did wrong: what, and the mend. The call itself is answered
// with its documented status; nothing here changes what happens.
#pragma once

#include <cstdint>

namespace wskrun::probe {

// `subject` is the object concerned (socket, IRP). A `format` that repeats is written a bounded
// number of times and counted from then on. Any thread, any IRQL.
void mistake(const void* subject, const char* format, ...) __attribute__((format(printf, 2, 3)));

// The same where one format serves several kinds, each of which `kind`, a text, tells apart.
void mistake_of(const char* kind, const void* subject, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

// Of each kind the next one is written as if it were the first: somebody new reads the log.
void write_mistakes_anew();

// How many mistakes there were since the process started.
std::uint64_t mistakes();

}  // namespace wskrun::probe
