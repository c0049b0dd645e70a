// Buffer: memory of the test, described by a chain of MDLs, with guard bytes that show what was
// written where it should not.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace wskrun::tests {

class Buffer {
 public:
  // One MDL.
  explicit Buffer(std::size_t size) : Buffer({size}) {}
  // One MDL for each size; the bytes are filled with kUntouched.
  Buffer(std::initializer_list<std::size_t> sizes);
  // One MDL over a copy of `data`.
  explicit Buffer(std::string_view data);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  static constexpr char kUntouched = '\xA5';

  // All bytes, or `length` bytes from `offset` in the first MDL on.
  WSK_BUF whole() const;
  WSK_BUF part(ULONG offset, SIZE_T length) const { return {mdls_.front(), offset, length}; }
  // The bytes of all MDLs, one after the other.
  std::string bytes() const;
  std::string first(std::size_t size) const { return bytes().substr(0, size); }
  // Nothing beside the MDLs' memory was written, and the MDLs are as they were.
  bool guards_intact() const;
  PMDL mdl() const { return mdls_.front(); }

 private:
  struct Block {
    std::size_t size;
    std::vector<char> memory;  // Guard, bytes, guard.
  };
  static constexpr std::size_t kGuardSize = 16;

  std::vector<Block> blocks_;
  std::vector<PMDL> mdls_;
  std::vector<MDL> as_made_;
};

// What the bytes of an indication list say.
std::string bytes_of(PWSK_DATA_INDICATION list);
std::string bytes_of(const WSK_BUF& buffer);

}  // namespace wskrun::tests
