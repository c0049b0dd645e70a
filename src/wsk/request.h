// Request: a call with its IRP, from the dispatch entry to the completion. Every WSK function that
// takes an IRP begins here and leaves through finish(), exactly once on every path. What a socket
// does in between is in connection.cc and listen.cc.
#pragma once

#include <wdm.h>

#include <cstddef>
#include <cstdint>

#include "base/block_cache.h"
#include "base/list.h"
#include "base/mutex.h"
#include "net/transport.h"
#include "wsk/completion.h"

namespace wskrun::wsk {

class Subsystem;

// What a request belongs to: a socket or a client. It lives at least until request_ended() of its
// last request, which runs after the driver's completion routine has returned.
class RequestOwner {
 public:
  // The driver called IoCancelIrp for a request made cancellable. Called once, with no lock held.
  // The owner calls admit_cancel() under its lock and acts on the answer.
  virtual void on_cancel(class Request& request) = 0;
  virtual void request_begun() = 0;
  virtual void request_ended() = 0;
  virtual const void* handle() const = 0;  // What the driver knows the owner by.
  virtual Subsystem& subsystem() const = 0;

 protected:
  ~RequestOwner() = default;
};

// One comes and goes with every call.
class Request : public base::Recycled {
 public:
  // What on_cancel() may be asked to end.
  enum class Kind : std::uint8_t {
    kOther,
    kAccept,
    kConnect,
    kReceive,
    kSend,
    kDisconnect,
    kSilence,
    kNotification,  // Of a change that may never come.
  };

  explicit Request(Kind request_kind = Kind::kOther) : kind(request_kind) {}
  virtual ~Request() = default;
  // The driver's completion routine has returned; it knows of what the request made.
  virtual void after_completion() {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  const Kind kind;
  RequestOwner* owner = nullptr;
  PIRP irp = nullptr;
  const char* operation = nullptr;  // "WskReceive", for people.
  base::Link link;                  // The owner's queues; guarded by its lock.
  Ending ending = Ending::kNatural;

 private:
  struct LaterTask : net::Task {
    Request* request = nullptr;
  };
  friend bool make_cancellable(Request&);
  friend bool claim(Request&, NTSTATUS, ULONG_PTR);
  friend bool admit_cancel(Request&);
  friend NTSTATUS finish_decided(Request&);
  friend NTSTATUS finish(Request&, NTSTATUS, ULONG_PTR);
  friend void bind_request(Request&, PIRP, const char*, RequestOwner&);
  friend void mark_pending(Request&);
  friend bool release_caller(Request&);
  friend NTSTATUS complete_for_caller(Request&);

  InlineCall* take_caller();
  NTSTATUS complete();
  NTSTATUS complete_later();

  // Guarded by the owner's lock.
  bool cancellable_ = false;
  bool cancel_admitted_ = false;  // on_cancel() came before the outcome was decided.
  bool decided_ = false;          // The outcome below waits for the cancel routine to finish it.

  bool pending_ = false;  // The call returns STATUS_PENDING.
  NTSTATUS status_ = STATUS_PENDING;
  ULONG_PTR information_ = 0;
  std::atomic<InlineCall*> caller_{nullptr};  // It waits for the request to finish.
  LaterTask later_;
};

using RequestQueue = base::List<Request, &Request::link>;

// Binds `request` to the IRP's next stack location, which WSK sets up itself (I-008). Not for a
// null IRP; no stack location left is the bugcheck that it is on Windows.
void bind_request(Request& request, PIRP irp, const char* operation, RequestOwner& owner);

// A new request of type R, or nullptr after reporting the mistake when `irp` is null (I-024).
template <typename R = Request>
R* begin(PIRP irp, const char* operation, RequestOwner& owner);

// The only way an IRP leaves the provider. Call with no lock held: the completion routine may free
// the IRP, start another request or close the socket. `request` is freed. Returns what the call
// that began the request has to return: `status`, or STATUS_PENDING if it completes later.
NTSTATUS finish(Request& request, NTSTATUS status, ULONG_PTR information = 0);

// All of them with STATUS_SUCCESS.
void finish_all(RequestQueue& requests);

// Marks the IRP pending; from here on the function that began the request returns STATUS_PENDING.
// Before anything else can complete it.
void mark_pending(Request& request);

// The four below need the owner's lock.

// Lets IoCancelIrp reach the request from now on. False: it was cancelled before; finish it.
bool make_cancellable(Request& request);
// The owner has decided how the request ends. True: finish() it. False: IoCancelIrp has called the
// cancel routine, which will finish it with this very outcome; forget the request.
bool claim(Request& request, NTSTATUS status, ULONG_PTR information);
// In on_cancel(). True: the request is still undecided; end it as cancelled. False: its outcome was
// decided meanwhile; finish_decided() it once the lock is dropped.
bool admit_cancel(Request& request);

// With no lock held: finishes a request whose claim() returned false.
NTSTATUS finish_decided(Request& request);

// All of on_cancel() for a request that waits in a queue of the owner's, which `mutex` guards.
void cancel_queued(Request& request, base::Mutex& mutex);

// For the call that waits in completion.cc. True: it gives up waiting, and the request finishes
// without it. False: the request has finished and is about to be delivered.
bool release_caller(Request& request);
// The request was delivered to the call: completes its IRP before the call returns.
NTSTATUS complete_for_caller(Request& request);

// Reports the null IRP; returns STATUS_INVALID_PARAMETER.
NTSTATUS refuse_null_irp(const char* operation, const void* handle);

template <typename R>
R* begin(PIRP irp, const char* operation, RequestOwner& owner) {
  if (irp == nullptr) {
    refuse_null_irp(operation, owner.handle());
    return nullptr;
  }
  R* request = new R;
  bind_request(*request, irp, operation, owner);
  return request;
}

}  // namespace wskrun::wsk
