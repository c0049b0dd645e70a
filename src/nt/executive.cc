// Starts and stops the executive's threads in the order in which they feed each other.
#include "nt/executive.h"

#include <atomic>

#include "base/check.h"
#include "nt/ex_work_queue.h"
#include "nt/ke_dpc.h"
#include "nt/ke_processor.h"
#include "nt/ke_timer.h"
#include "nt/ps_thread.h"

namespace wskrun::nt {
namespace {

std::atomic<bool> running{false};

}  // namespace

Executive::Executive(const ExecutiveOptions& options) {
  CHECK(!running.exchange(true));
  CHECK(options.processor_count <= kMaxProcessors);
  set_processor_count(options.processor_count);
  set_delivery_level(options.delivery_level);
  start_workers();
  start_dpc_thread();
  start_timer_thread();
}

Executive::~Executive() {
  stop_timer_thread();
  stop_dpc_thread();
  stop_workers();
  join_ended_threads();
  set_processor_count(0);
  running.store(false);
}

}  // namespace wskrun::nt
