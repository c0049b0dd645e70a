// NameCall: what WskGetAddressInfo (address_info.cc) and WskGetNameInfo (name_info.cc) share. Its
// request ends when the system's resolver has answered, and can be cancelled until then.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "net/resolver.h"
#include "wsk/client.h"
#include "wsk/request.h"

namespace wskrun::wsk {

// One call, from start() until the driver's completion routine has returned; so long it holds its
// client. It owns its request, so that each call has a lock of its own.
class NameCall : public RequestOwner, public base::RefCounted<NameCall>, private net::Query {
 public:
  virtual ~NameCall() = default;
  NameCall(const NameCall&) = delete;
  NameCall& operator=(const NameCall&) = delete;

  // Begins the request, whose arguments have been checked, and asks. What the call returns.
  NTSTATUS start(PIRP irp, const char* operation);

  // RequestOwner
  void on_cancel(Request& request) final;
  void request_begun() final { add_ref(); }
  void request_ended() final { release(); }
  const void* handle() const final { return client_->handle(); }
  Subsystem& subsystem() const final { return client_->subsystem(); }

 protected:
  NameCall(base::RefPtr<Client> client, base::RefPtr<net::Lookup> lookup);

  // The lookup has found something: hands it to the driver. On a loop, with no lock held.
  virtual NTSTATUS give_results() = 0;
  // What to answer where there is no such name.
  virtual NTSTATUS no_such_name() const { return STATUS_NO_MATCH; }

 private:
  void answered(net::Error error) override;
  NTSTATUS failure(net::Error error) const;

  const base::RefPtr<Client> client_;
  const base::RefPtr<net::Lookup> lookup_;
  Request* request_ = nullptr;  // Set by start(), for good.
  base::Mutex mutex_;           // For claim() and its kin.
};

// Ends a call whose arguments are wrong.
NTSTATUS refuse_name_call(Client& client, PIRP irp, const char* operation, NTSTATUS status);

// OwningThread goes with OwningProcess. There is one process and no impersonation here, so
// that is all that they mean.
NTSTATUS check_owners(const Client& client, const char* operation, PEPROCESS process,
                      PETHREAD thread);

}  // namespace wskrun::wsk
