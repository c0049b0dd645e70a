// NT's format language, which DbgPrint and the ntstrsafe functions share: `l` means 32 bits, %I64x
// and %Iu, %wZ and %Z for counted strings, %S for the other kind of character, %p with all its
// digits. libc's printf is never asked: it means other things by the same letters.
//
//   %[-+ #0][width|*][.precision|.*][size]conversion
//   size        h hh l ll w I I32 I64 z t j L
//   conversion  d i u o x X p P c C s S Z %
//
// Floating point is not for kernel mode: the directive itself is written, its argument skipped.
// %n writes nothing. Narrow text is UTF-8, wide text UTF-16.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace wskrun::nt {

// Writes at most `capacity` characters and no terminator. Returns how many the whole text has,
// `capacity` or not. %s means narrow text in a narrow format and wide text in a wide one; %S the
// other.
std::size_t format(char* buffer, std::size_t capacity, const char* text, va_list arguments);
std::size_t format(char16_t* buffer, std::size_t capacity, const char16_t* text, va_list arguments);

}  // namespace wskrun::nt
