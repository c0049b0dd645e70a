// How the ntstrsafe functions write into a buffer of known size, and what their flags do to it.
// rtl_safe_string.cc puts zero-terminated strings into one, rtl_safe_unicode.cc counted ones.
#pragma once

#include <ntstrsafe.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "nt/format.h"

namespace wskrun::nt {

enum class SafeWrite { kCopy, kAppend, kPrint };

// The whole buffer of a destination.
template <typename Char>
struct SafeRoom {
  std::size_t units() const { return size_bytes / sizeof(Char); }

  Char* text;
  std::size_t size_bytes;
  std::size_t terminators;  // 1 where text ends with a zero, 0 where it is counted.
};

struct SafeOutcome {
  NTSTATUS status;
  std::size_t length;  // Of the text that is now in the buffer, in units, without a zero.
};

// A source is called with a buffer and its capacity in units. It writes what fits and returns how
// long the text is, or anything above the capacity when it is longer; nullopt when it is unusable.
// Without a buffer it only measures.

// How many units come before the zero, `limit` when there is none.
template <typename Char>
std::size_t length_within(const Char* text, std::size_t limit) {
  return static_cast<std::size_t>(std::find(text, text + limit, Char{}) - text);
}

// At most `limit` units of a zero-terminated string. One above `longest` is a mistake.
template <typename Char>
auto terminated_source(const Char* text, std::size_t limit, std::size_t longest, ULONG flags) {
  return [=](Char* buffer, std::size_t capacity) -> std::optional<std::size_t> {
    if (limit > longest) return std::nullopt;
    if (text == nullptr) {
      return (flags & STRSAFE_IGNORE_NULLS) != 0 ? std::optional<std::size_t>(0) : std::nullopt;
    }
    const std::size_t length = length_within(text, std::min(limit, capacity + 1));
    if (buffer != nullptr) std::copy_n(text, std::min(length, capacity), buffer);
    return length;
  };
}

// At most `limit` units of a counted string.
inline auto counted_source(PCUNICODE_STRING string, std::size_t limit, ULONG flags) {
  return [=](char16_t* buffer, std::size_t capacity) -> std::optional<std::size_t> {
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) return std::nullopt;
    if (!NT_SUCCESS(RtlUnicodeStringValidateEx(string, flags & STRSAFE_IGNORE_NULLS))) {
      return std::nullopt;
    }
    if (string == nullptr) return 0;
    const std::size_t length = std::min(string->Length / sizeof(WCHAR), limit);
    if (buffer != nullptr) std::copy_n(string->Buffer, std::min(length, capacity), buffer);
    return length;
  };
}

// `arguments` must outlive the source; printing does not use them up.
template <typename Char>
auto printed_source(const Char* text, va_list arguments, ULONG flags) {
  return [=](Char* buffer, std::size_t capacity) -> std::optional<std::size_t> {
    if (text != nullptr) return format(buffer, buffer == nullptr ? 0 : capacity, text, arguments);
    return (flags & STRSAFE_IGNORE_NULLS) != 0 ? std::optional<std::size_t>(0) : std::nullopt;
  };
}

// Writes what fits, and the zero where text has one. Of the flags only STRSAFE_NO_TRUNCATION
// counts here. `old_length`: of the text in the buffer, which stays when nothing is written.
template <typename Char, typename Source>
SafeOutcome write_text(const SafeRoom<Char>& room, std::size_t old_length, SafeWrite kind,
                       ULONG flags, const Source& source) {
  const std::size_t start = kind == SafeWrite::kAppend ? old_length : 0;
  if (start == room.units()) {
    const bool nothing = source(nullptr, 0) == 0;
    return {nothing ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, old_length};
  }
  const std::size_t capacity = room.units() - start - room.terminators;
  if ((flags & STRSAFE_NO_TRUNCATION) != 0 && source(nullptr, capacity).value_or(0) > capacity) {
    return {STATUS_BUFFER_OVERFLOW, old_length};
  }
  const std::optional<std::size_t> length = source(room.text + start, capacity);
  if (!length) return {STATUS_INVALID_PARAMETER, old_length};
  const std::size_t end = start + std::min(*length, capacity);
  if (room.terminators != 0) room.text[end] = 0;
  return {*length <= capacity ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW, end};
}

template <typename Char>
void fill_behind(const SafeRoom<Char>& room, std::size_t length, ULONG flags) {
  const std::size_t used = (length + room.terminators) * sizeof(Char);
  std::memset(reinterpret_cast<char*>(room.text) + used, STRSAFE_GET_FILL_PATTERN(flags),
              room.size_bytes - used);
}

// Returns the length of what is then there: counted strings become empty.
template <typename Char>
std::size_t fill_whole(const SafeRoom<Char>& room, ULONG flags) {
  const int pattern = STRSAFE_GET_FILL_PATTERN(flags);
  std::memset(room.text, pattern, room.size_bytes);
  if (room.terminators == 0) return 0;
  room.text[room.units() - 1] = 0;
  return pattern == 0 ? 0 : room.units() - 1;
}

template <typename Char>
std::size_t make_empty(const SafeRoom<Char>& room) {
  if (room.terminators != 0) room.text[0] = 0;
  return 0;
}

// What the flags want after a write, which they may take back.
template <typename Char>
SafeOutcome apply_flags(const SafeRoom<Char>& room, SafeWrite kind, ULONG flags,
                        SafeOutcome outcome) {
  if (room.units() == 0) return outcome;
  if (NT_SUCCESS(outcome.status)) {
    if ((flags & STRSAFE_FILL_BEHIND_NULL) != 0) fill_behind(room, outcome.length, flags);
    return outcome;
  }
  const bool copy_left_out = kind == SafeWrite::kCopy && (flags & STRSAFE_NO_TRUNCATION) != 0 &&
                             outcome.status == STATUS_BUFFER_OVERFLOW;
  if ((flags & STRSAFE_FILL_ON_FAILURE) != 0) outcome.length = fill_whole(room, flags);
  if ((flags & STRSAFE_NULL_ON_FAILURE) != 0 ||
      (copy_left_out && (flags & STRSAFE_FILL_ON_FAILURE) == 0)) {
    outcome.length = make_empty(room);
  }
  return outcome;
}

}  // namespace wskrun::nt
