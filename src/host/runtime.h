// Runtime: the rooms wired together, alone here: the executive, a transport whose loop threads are
// the processors, and the WSK subsystem on top. driver.h is what is loaded into it.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "host/device.h"
#include "host/driver.h"
#include "net/transport.h"
#include "nt/executive.h"
#include "nt/ke_dpc.h"
#include "nt/sched.h"
#include "wsk/subsystem.h"
#include "wskrun/host.h"

namespace wskrun::host {

class Runtime final : private net::LoopHooks, private nt::ProcessorWaker {
 public:
  // nullptr: `error` says why. One at a time in a process.
  static std::unique_ptr<Runtime> create(const wskrun_options& options, wskrun_error* error);
  ~Runtime();  // After stop() was true.
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Ends WSK. False: drivers still hold sockets, IRPs or the provider's NPI; then nothing can be
  // taken down, and this object has to stay for good.
  bool stop();

  // Returns when no function of a driver that has been unloaded is still running out: its last
  // completion routine or work item may have let DriverUnload go on before it returned itself.
  void let_calls_return();

  const net::Transport& transport() const { return *transport_; }

 private:
  explicit Runtime(const wskrun_options& options);

  bool create_transport(const wskrun_options& options, wskrun_error* error);
  void offer_wsk(unsigned delay_ms);
  static void offer_wsk_late(void* runtime);
  void stop_waiting_for_provider();

  // A loop thread is a processor from its start to its end and runs DPCs after each turn.
  void loop_started(unsigned index) override;
  void turn_ended(unsigned index) override;
  void about_to_wait(unsigned index) override;
  void loop_stopping(unsigned index) override;
  void wake_processor(unsigned index) override;

  // In the order of their making; taken down the other way round.
  nt::Executive executive_;
  std::unique_ptr<net::Transport> transport_;
  // transport_ for other threads: the loops run before make_transport() has returned.
  std::atomic<net::Transport*> running_{nullptr};
  std::unique_ptr<wsk::Subsystem> subsystem_;
  // With a delay: the thread that waits until WSK may be offered, and what ends its wait.
  bool has_late_provider_ = false;
  nt::sched::ThreadToken late_provider_{};
  LARGE_INTEGER provider_delay_{};
  KEVENT no_provider_any_more_{};
};

}  // namespace wskrun::host

// Opaque in host.h.
struct wskrun_runtime {
  std::unique_ptr<wskrun::host::Runtime> runtime;
  std::vector<std::unique_ptr<wskrun_driver>> drivers;  // That are loaded.
  wskrun::base::Mutex devices_mutex;                    // Of those that are open.
  std::vector<std::unique_ptr<wskrun_device>> devices GUARDED_BY(devices_mutex);
  wskrun_log_sink log_sink;
  void* log_context;
};
