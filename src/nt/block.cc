// The layout of a block: [malloc's start .. padding][header][what the driver sees][guard]. The
// header's mark is next to the driver's bytes, so that writing before them shows, as the guard
// behind them shows writing past the end where no sanitizer does.
#include "nt/block.h"

#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "nt/ke_bugcheck.h"

namespace wskrun::nt {
namespace {

constexpr std::uint64_t kHeldMark = 0x6b636f6c62646c65;
constexpr std::uint64_t kFreedMark = 0x6b636f6c62646572;
constexpr std::uint64_t kGuard = 0xfdfdfdfdfdfdfdfd;

// The sanitizer's redzone, where there is one, must start at the first byte behind the object.
constexpr std::size_t kGuardBytes = kAddressSanitizer ? 0 : sizeof kGuard;

struct alignas(16) Header {
  LedgerEntry entry;
  void* start;  // What malloc gave.
  std::uint64_t mark;
};
static_assert(sizeof(Header) == 64);

Header& header_of(const void* object) {
  return static_cast<Header*>(const_cast<void*>(object))[-1];
}

char* guard_of(const Header& header) {
  return static_cast<char*>(const_cast<void*>(header.entry.object)) + header.entry.size_bytes;
}

// Memory with room for a header before an object of `size_bytes`; the object is at *object.
void* allocate_around(std::size_t size_bytes, void** object) {
  const bool page_aligned = size_bytes >= PAGE_SIZE;
  const std::size_t before = page_aligned ? PAGE_SIZE : sizeof(Header);
  std::size_t total = 0;
  if (__builtin_add_overflow(size_bytes, before + kGuardBytes, &total)) return nullptr;
  void* start = nullptr;
  if (!page_aligned) {
    start = std::malloc(total);
  } else if (::posix_memalign(&start, PAGE_SIZE, total) != 0) {
    return nullptr;
  }
  *object = static_cast<char*>(start) + before;
  return start;
}

const char* name_of(Holding holding) {
  switch (holding) {
    case Holding::kIrp:
      return "an IRP (IoFreeIrp gives it back)";
    case Holding::kMdl:
      return "an MDL (IoFreeMdl gives it back)";
    default:
      return "pool memory (ExFreePoolWithTag gives it back)";
  }
}

[[noreturn]] void refuse_unknown(const void* object, const char* function) {
  if (header_of(object).mark == kFreedMark) {
    bug_check({BAD_POOL_CALLER, {7, 0, 0, parameter(object)}},
              "%s(%p): this memory was freed already; free it once", function, object);
  }
  bug_check({BAD_POOL_CALLER, {0x46, parameter(object), 0, 0}},
            "%s(%p): no such memory was allocated, or the bytes before it were overwritten; pass "
            "the very address that the allocation returned",
            function, object);
}

}  // namespace

void* allocate_block(const BlockRequest& request) {
  void* object = nullptr;
  void* start = allocate_around(request.size_bytes, &object);
  if (start == nullptr) return nullptr;
  if (request.zeroed) std::memset(object, 0, request.size_bytes);
  Header* header = new (&header_of(object)) Header{.entry = {}, .start = start, .mark = kHeldMark};
  ledger_add(header->entry, request.holding, object, request.size_bytes, request.tag,
             request.allocated_by);
  std::memcpy(guard_of(*header), &kGuard, kGuardBytes);
  return object;
}

const LedgerEntry& require_block(const void* object, Holding expected, const char* function) {
  if (object == nullptr) {
    bug_check({BAD_POOL_CALLER, {0x46, 0, 0, 0}}, "%s(NULL)", function);
  }
  const Header& header = header_of(object);
  if (header.mark != kHeldMark || header.entry.object != object) refuse_unknown(object, function);
  if (header.entry.holding != expected) {
    bug_check({BAD_POOL_CALLER, {0x46, parameter(object), 0, 0}}, "%s(%p): this is %s", function,
              object, name_of(header.entry.holding));
  }
  if (std::memcmp(guard_of(header), &kGuard, kGuardBytes) != 0) {
    bug_check({BAD_POOL_HEADER, {0x20, parameter(object), parameter(guard_of(header)), 0}},
              "%s(%p): the driver wrote past the end of these %zu bytes; the place that allocated "
              "them is %p. The address sanitizer (-fsanitize=address) shows the write itself",
              function, object, header.entry.size_bytes, header.entry.allocated_by);
  }
  return header.entry;
}

void free_block(void* object) {
  Header& header = header_of(object);
  ledger_remove(header.entry);
  const_cast<volatile std::uint64_t&>(header.mark) = kFreedMark;  // Read if it is freed again.
  std::free(header.start);
}

}  // namespace wskrun::nt
