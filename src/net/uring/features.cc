// Trying things out on a small ring of its own.
#include "net/uring/features.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace wskrun::net {
namespace {

// A small ring for a moment.
class TrialRing {
 public:
  explicit TrialRing(unsigned flags) : error_(-io_uring_queue_init(2, &ring_, flags)) {}
  ~TrialRing() {
    if (error_.ok()) io_uring_queue_exit(&ring_);
  }
  TrialRing(const TrialRing&) = delete;
  TrialRing& operator=(const TrialRing&) = delete;

  Error error() const { return error_; }
  io_uring& get() { return ring_; }

 private:
  io_uring ring_;
  const Error error_;
};

// Best first: completions are worked off when the loop asks for them, or at least without an
// interrupt.
constexpr unsigned kSetups[] = {
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
    IORING_SETUP_SUBMIT_ALL,
    0,
};

Error find_setup_flags(unsigned& flags) {
  Error error;
  for (const unsigned candidate : kSetups) {
    error = TrialRing(candidate).error();
    flags = candidate;
    if (error != Error(EINVAL)) break;
  }
  return error;
}

// A multishot receive cannot be asked for by name; the kernel that brought it brought this too.
bool has_multishot_receive(io_uring& ring) {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) return false;
  const bool has = io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
  io_uring_free_probe(probe);
  return has;
}

bool has_incremental_buffers(io_uring& ring) {
  const std::size_t bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  const bool has = register_buffer_ring(ring, memory, 1, 0, /*incremental=*/true).ok();
  if (has) io_uring_unregister_buf_ring(&ring, 0);
  ::munmap(memory, bytes);
  return has;
}

}  // namespace

Error find_uring_features(bool newest, UringFeatures& features) {
  const Error error = find_setup_flags(features.setup_flags);
  if (!error.ok()) return error;
  TrialRing trial(features.setup_flags);
  if (!trial.error().ok()) return trial.error();
  if (!has_multishot_receive(trial.get())) return Error(ENOSYS);
  features.incremental_buffers = newest && has_incremental_buffers(trial.get());
  return Error();
}

Error register_buffer_ring(io_uring& ring, void* memory, unsigned entries, std::uint16_t group,
                           bool incremental) {
  // As the kernel reads it today; 6.1's headers call the flags padding.
  struct Registration {
    std::uint64_t ring_addr;
    std::uint32_t ring_entries;
    std::uint16_t bgid;
    std::uint16_t flags;
    std::uint64_t resv[3];
  };
  static_assert(sizeof(Registration) == sizeof(io_uring_buf_reg));
  const Registration registration{
      .ring_addr = reinterpret_cast<std::uintptr_t>(memory),
      .ring_entries = entries,
      .bgid = group,
      .flags = incremental ? kPbufRingIncremental : std::uint16_t{0},
      .resv = {},
  };
  const long result =
      ::syscall(__NR_io_uring_register, ring.ring_fd, IORING_REGISTER_PBUF_RING, &registration, 1);
  return result == 0 ? Error() : Error(errno);
}

}  // namespace wskrun::net
