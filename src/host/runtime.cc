// Starts and stops the rooms in order, and host.h's functions on runtimes.
#include "host/runtime.h"

#include <errno.h>

#include <cstring>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "host/error.h"
#include "host/leftovers.h"
#include "net/transport_factory.h"
#include "nt/ex_work_queue.h"
#include "nt/io_shutdown.h"
#include "nt/ke_dispatcher.h"
#include "nt/sched.h"
#include "probe/counters.h"
#include "probe/mistake.h"

namespace wskrun::host {
namespace {

std::string_view transport_name(const wskrun_options& options) {
  return options.transport == nullptr ? "auto" : options.transport;
}

wskrun_result explain_transport(std::string_view name, net::Error why, wskrun_error* error) {
  if (why == net::Error(EINVAL)) {
    return fail(error, WSKRUN_BAD_ARGUMENT,
                fmt::format("there is no transport '{}'; there are uring, epoll and auto", name));
  }
  const bool is_forbidden = why == net::Error(EPERM) || why == net::Error(ENOSYS);
  return fail(
      error, WSKRUN_NO_TRANSPORT,
      fmt::format("the transport '{}' cannot be used here: {}{}", name, std::strerror(why.code()),
                  is_forbidden ? "; io_uring is often forbidden in containers: use epoll, "
                                 "or auto, which finds out"
                               : ""));
}

wsk::Settings settings_of(const wskrun_options& options) {
  return {
      .completion = static_cast<wsk::CompletionMode>(options.completion),
      .completion_seed = options.completion_seed,
      .compat = static_cast<wsk::Compat>(options.compat),
      .send_completion = static_cast<wsk::SendCompletion>(options.send_completion),
  };
}

static_assert(WSKRUN_COMPLETE_NATURALLY == int(wsk::CompletionMode::kNatural) &&
              WSKRUN_COMPLETE_INLINE == int(wsk::CompletionMode::kInline) &&
              WSKRUN_COMPLETE_PENDING == int(wsk::CompletionMode::kPending) &&
              WSKRUN_COMPLETE_RANDOMLY == int(wsk::CompletionMode::kRandom));
static_assert(WSKRUN_AS_DOCUMENTED == int(wsk::Compat::kDocumented) &&
              WSKRUN_AS_WINDOWS == int(wsk::Compat::kWindows));
static_assert(WSKRUN_SENT_TO_KERNEL == int(wsk::SendCompletion::kKernel) &&
              WSKRUN_SENT_TO_PEER == int(wsk::SendCompletion::kPeer));

bool are_known(const wskrun_options& options) {
  return options.completion <= WSKRUN_COMPLETE_RANDOMLY && options.compat <= WSKRUN_AS_WINDOWS &&
         options.send_completion <= WSKRUN_SENT_TO_PEER;
}

}  // namespace

Runtime::Runtime(const wskrun_options& options)
    : executive_({.processor_count = options.processors,
                  .delivery_level = options.delivery == WSKRUN_DELIVER_AT_PASSIVE_LEVEL
                                        ? KIRQL{PASSIVE_LEVEL}
                                        : KIRQL{DISPATCH_LEVEL}}) {}

Runtime::~Runtime() = default;

std::unique_ptr<Runtime> Runtime::create(const wskrun_options& options, wskrun_error* error) {
  if (options.processors > nt::kMaxProcessors) {
    fail(error, WSKRUN_BAD_ARGUMENT,
         fmt::format("{} processors; at most {} are possible", options.processors,
                     nt::kMaxProcessors));
    return nullptr;
  }
  if (!are_known(options)) {
    fail(error, WSKRUN_BAD_ARGUMENT,
         "wskrun_options: completion, compat or send_completion has no such value");
    return nullptr;
  }
  std::unique_ptr<Runtime> runtime(new Runtime(options));
  if (!runtime->create_transport(options, error)) return nullptr;
  runtime->subsystem_ =
      std::make_unique<wsk::Subsystem>(*runtime->transport_, settings_of(options));
  runtime->offer_wsk(options.provider_delay_ms);
  return runtime;
}

// At once, or from a thread of its own when the time has come: attaching is for PASSIVE_LEVEL.
void Runtime::offer_wsk(unsigned delay_ms) {
  if (delay_ms == 0) {
    CHECK(NT_SUCCESS(subsystem_->start()));
    return;
  }
  KeInitializeEvent(&no_provider_any_more_, NotificationEvent, FALSE);
  provider_delay_.QuadPart = -10'000LL * delay_ms;
  has_late_provider_ =
      nt::sched::start_thread("wskrun-provider", offer_wsk_late, this, late_provider_);
  CHECK(has_late_provider_);
}

void Runtime::offer_wsk_late(void* runtime) {
  auto& self = *static_cast<Runtime*>(runtime);
  const NTSTATUS status = KeWaitForSingleObject(&self.no_provider_any_more_, ::Executive,
                                                KernelMode, FALSE, &self.provider_delay_);
  if (status == STATUS_TIMEOUT) CHECK(NT_SUCCESS(self.subsystem_->start()));
}

void Runtime::stop_waiting_for_provider() {
  if (!std::exchange(has_late_provider_, false)) return;
  KeSetEvent(&no_provider_any_more_, IO_NO_INCREMENT, FALSE);
  nt::sched::join_thread(late_provider_);
}

bool Runtime::create_transport(const wskrun_options& options, wskrun_error* error) {
  net::TransportOptions transport_options;
  transport_options.loop_count = KeQueryActiveProcessorCount(nullptr);
  if (options.receive_memory_bytes != 0) {
    transport_options.receive_memory_bytes = options.receive_memory_bytes;
  }
  transport_options.hooks = this;
  transport_options.newest_kernel_features = options.linux_6_1_only == 0;
  net::Error why;
  transport_ = net::make_transport(transport_name(options), transport_options, why);
  if (transport_ == nullptr) return explain_transport(transport_name(options), why, error), false;
  running_.store(transport_.get(), std::memory_order_release);
  return true;
}

bool Runtime::stop() {
  stop_waiting_for_provider();
  if (!subsystem_->stop()) return false;
  subsystem_.reset();
  transport_.reset();  // Here, not in the destructor: the loops call us until it is gone.
  return true;
}

void Runtime::let_calls_return() {
  nt::stop_workers();
  nt::start_workers();
  // A loop that runs this task has left whatever it was in.
  struct Passage {
    net::Task task;
    std::latch* all_passed;
  };
  const unsigned loops = transport_->loop_count();
  std::latch all_passed(loops);
  std::vector<Passage> passages(loops);
  for (unsigned i = 0; i < loops; ++i) {
    passages[i].all_passed = &all_passed;
    passages[i].task.run = [](net::Task& task) {
      CONTAINING_RECORD(&task, Passage, task)->all_passed->count_down();
    };
    transport_->loop(i).post(passages[i].task);
  }
  all_passed.wait();
}

void Runtime::loop_started(unsigned index) {
  nt::enter_processor(index, *this);
}

void Runtime::turn_ended(unsigned) {
  nt::run_dpcs();
}

void Runtime::about_to_wait(unsigned) {
  nt::run_ready_threads();
}

void Runtime::loop_stopping(unsigned) {
  nt::leave_processor();
  nt::run_ready_threads();
}

// Nothing queues a DPC before create() has returned, so nothing is missed by ignoring it.
void Runtime::wake_processor(unsigned index) {
  net::Transport* transport = running_.load(std::memory_order_acquire);
  if (transport != nullptr) transport->loop(index).wake();
}

}  // namespace wskrun::host

// ---- host.h -------------------------------------------------------------------------------------

using namespace wskrun;

namespace {

std::atomic<bool> occupied{false};

wskrun_log_level public_level(base::LogLevel level) {
  return static_cast<wskrun_log_level>(static_cast<int>(level) + WSKRUN_LOG_TRACE);
}

base::LogLevel inner_level(wskrun_log_level level) {
  if (level == 0) return base::LogLevel::kInfo;
  return static_cast<base::LogLevel>(static_cast<int>(level) - WSKRUN_LOG_TRACE);
}

void pass_line_on(void* context, base::LogLevel level, std::string_view source,
                  std::string_view text) {
  const auto& runtime = *static_cast<wskrun_runtime*>(context);
  runtime.log_sink(runtime.log_context, public_level(level), source.data(), source.size(),
                   text.data(), text.size());
}

void start_log(wskrun_runtime& runtime, const wskrun_options& options) {
  base::set_log_level(inner_level(options.log_level));
  probe::write_mistakes_anew();
  if (options.log_sink == nullptr) return;
  runtime.log_sink = options.log_sink;
  runtime.log_context = options.log_context;
  base::set_log_sink(pass_line_on, &runtime);
}

// Each asks its driver, which takes its time: not under the lock.
void close_all_devices(wskrun_runtime& runtime) {
  std::vector<std::unique_ptr<wskrun_device>> open;
  {
    base::MutexLock lock(runtime.devices_mutex);
    open.swap(runtime.devices);
  }
}

void end_log() {
  base::set_log_sink(nullptr, nullptr);
  base::set_log_level(base::LogLevel::kInfo);
}

}  // namespace

wskrun_runtime* wskrun_runtime_create(const wskrun_options* options, wskrun_error* error) {
  wskrun_options read{};
  if (options != nullptr && !host::read_versioned(options, read)) {
    host::fail(error, WSKRUN_BAD_ARGUMENT,
               "wskrun_options: size must be sizeof(wskrun_options), and what this version does "
               "not know must be zero");
    return nullptr;
  }
  if (occupied.exchange(true)) {
    host::fail(error, WSKRUN_BUSY,
               "this process has a runtime already, or one that could not be stopped because "
               "drivers left something behind");
    return nullptr;
  }
  auto runtime = std::make_unique<wskrun_runtime>();
  start_log(*runtime, read);
  runtime->runtime = host::Runtime::create(read, error);
  if (runtime->runtime == nullptr) {
    end_log();
    occupied.store(false);
    return nullptr;
  }
  host::succeed(error);
  return runtime.release();
}

void wskrun_runtime_shut_down(wskrun_runtime*) {
  nt::shut_down_devices();
}

void wskrun_runtime_destroy(wskrun_runtime* runtime) {
  if (runtime == nullptr) return;
  close_all_devices(*runtime);
  wskrun_runtime_shut_down(runtime);
  if (!runtime->runtime->stop()) {
    base::log(base::LogLevel::kError,
              "the runtime goes on: drivers still hold sockets, IRPs or the WSK provider");
    return;
  }
  for (auto& driver : runtime->drivers) {
    if (driver->module != nullptr) driver->module->keep();  // It was never told to end.
  }
  runtime->drivers.clear();
  runtime->runtime.reset();
  end_log();
  delete runtime;
  occupied.store(false);
}

const char* wskrun_runtime_transport(const wskrun_runtime* runtime) {
  return runtime->runtime->transport().name();
}

unsigned wskrun_runtime_processors(const wskrun_runtime* runtime) {
  return runtime->runtime->transport().loop_count();
}

wskrun_report* wskrun_runtime_holdings(wskrun_runtime*) {
  return host::report_holdings();
}

void wskrun_statistics_now(wskrun_statistics* statistics) {
  const probe::Totals totals = probe::totals();
  const auto of = [&](probe::Counter counter) { return totals[static_cast<std::size_t>(counter)]; };
  statistics->connections_opened = of(probe::Counter::kConnectionsOpened);
  statistics->connections_closed = of(probe::Counter::kConnectionsClosed);
  statistics->bytes_received = of(probe::Counter::kBytesReceived);
  statistics->bytes_sent = of(probe::Counter::kBytesSent);
  statistics->callbacks = of(probe::Counter::kCallbacks);
  statistics->irps_completed = of(probe::Counter::kIrpsCompleted);
  statistics->mistakes = probe::mistakes();
}

const char* wskrun_version(void) {
  return WSKRUN_VERSION;
}
