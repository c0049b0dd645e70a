// What io_uring can do in the kernel we run on, found out by trying. Numbers that the headers of
// Debian 12 (Linux 6.1, liburing 2.3) do not have yet are defined here.
#pragma once

#include <liburing.h>

#include <cstdint>

#include "net/error.h"

namespace wskrun::net {

constexpr std::uint16_t kPbufRingIncremental = 2;  // IOU_PBUF_RING_INC, Linux 6.12
constexpr std::uint32_t kCqeBufferMore = 1u << 4;  // IORING_CQE_F_BUF_MORE, Linux 6.12

struct UringFeatures {
  unsigned setup_flags = 0;
  bool incremental_buffers = false;  // A provided buffer is filled bit by bit.
};

// `newest`: also what came after Linux 6.1. Fails where io_uring is forbidden, and with ENOSYS
// where it lacks what we cannot do without: multishot receives (Linux 6.0).
Error find_uring_features(bool newest, UringFeatures& features);

// Registers `entries` (a power of two) of a buffer ring in page-aligned `memory` as group `group`.
Error register_buffer_ring(io_uring& ring, void* memory, unsigned entries, std::uint16_t group,
                           bool incremental);

}  // namespace wskrun::net
