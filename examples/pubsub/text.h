// text.h: bytes that somebody else owns, read as words.
#pragma once

#include <ntddk.h>

namespace pubsub {

struct Text {
  const char* data;
  size_t size;

  template <size_t kSize>
  static constexpr Text of(const char (&literal)[kSize]) {
    return {literal, kSize - 1};
  }
  bool operator==(const Text& other) const {
    return size == other.size && RtlCompareMemory(data, other.data, size) == size;
  }
  // The first word; *this becomes what is behind it and one blank.
  Text take_word() {
    size_t end = 0;
    while (end < size && data[end] != ' ') ++end;
    const Text word = {data, end};
    if (end < size) ++end;
    data += end;
    size -= end;
    return word;
  }
};

}  // namespace pubsub
