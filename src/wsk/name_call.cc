// The way of a call to the resolver and back.
#include "wsk/name_call.h"

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "probe/mistake.h"
#include "wsk/status.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {

NameCall::NameCall(base::RefPtr<Client> client, base::RefPtr<net::Lookup> lookup)
    : Query(lookup), client_(std::move(client)), lookup_(std::move(lookup)) {}

NTSTATUS NameCall::start(PIRP irp, const char* operation) {
  request_ = begin(irp, operation, *this);
  bool cancelled = false;
  {
    base::MutexLock lock(mutex_);
    mark_pending(*request_);
    cancelled = !make_cancellable(*request_);
  }
  if (cancelled) {
    finish(*request_, STATUS_CANCELLED);
  } else {
    subsystem().resolver().start(*this, subsystem().transport().loop(0));
  }
  return STATUS_PENDING;
}

void NameCall::on_cancel(Request& request) {
  const auto hold = base::RefPtr<NameCall>::share(this);  // The answer may be on its way.
  {
    base::MutexLock lock(mutex_);
    if (!admit_cancel(request)) {
      lock.unlock();
      finish_decided(request);
      return;
    }
  }
  subsystem().resolver().cancel(*this);
}

void NameCall::answered(net::Error error) {
  const auto hold = base::RefPtr<NameCall>::share(this);  // While a cancel routine finishes it.
  const NTSTATUS status = error.ok() ? give_results() : failure(error);
  {
    base::MutexLock lock(mutex_);
    if (!claim(*request_, status, 0)) return;
  }
  finish(*request_, status);
}

NTSTATUS NameCall::failure(net::Error error) const {
  if (error != net::Error(ENOENT)) return status_of(error);
  base::log(base::LogLevel::kDebug, "%s finds nothing: %s", request_->operation, lookup_->reason());
  return no_such_name();
}

NTSTATUS refuse_name_call(Client& client, PIRP irp, const char* operation, NTSTATUS status) {
  return finish(*begin(irp, operation, client), status);
}

NTSTATUS check_owners(const Client& client, const char* operation, PEPROCESS process,
                      PETHREAD thread) {
  if (thread == nullptr || process != nullptr) return STATUS_SUCCESS;
  probe::mistake(client.handle(), "%s with an OwningThread, but without its OwningProcess",
                 operation);
  return STATUS_INVALID_PARAMETER;
}

}  // namespace wskrun::wsk
