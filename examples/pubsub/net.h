// net.h: WSK with owners: a registration that ends, sockets that close, IRPs and MDLs that are
// freed, and calls that are waited for or tell their owner when they are over.
#pragma once

#include <wsk.h>

#include "kernel.h"

namespace net {

class Irp : kernel::NotCopied {
 public:
  Irp() : irp_(IoAllocateIrp(1, FALSE)) {}
  ~Irp() {
    if (irp_ != nullptr) IoFreeIrp(irp_);
  }
  explicit operator bool() const { return irp_ != nullptr; }

  // For the next call, with what is to be called at its end.
  PIRP prepare(PIO_COMPLETION_ROUTINE completed, PVOID context) {
    IoReuseIrp(irp_, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(irp_, completed, context, TRUE, TRUE, TRUE);
    return irp_;
  }
  const IO_STATUS_BLOCK& result() const { return irp_->IoStatus; }

 private:
  PIRP irp_;
};

// Describes memory of nonpaged pool.
class Mdl : kernel::NotCopied {
 public:
  Mdl(PVOID memory, ULONG size) : mdl_(IoAllocateMdl(memory, size, FALSE, FALSE, nullptr)) {
    if (mdl_ != nullptr) MmBuildMdlForNonPagedPool(mdl_);
  }
  ~Mdl() {
    if (mdl_ != nullptr) IoFreeMdl(mdl_);
  }
  explicit operator bool() const { return mdl_ != nullptr; }
  PMDL get() const { return mdl_; }

 private:
  PMDL mdl_;
};

// Makes a call and waits for its end. PASSIVE_LEVEL.
template <typename Call>
NTSTATUS wait_for(Irp& irp, Call call) {
  kernel::Event over;
  const auto completed = [](PDEVICE_OBJECT, PIRP, PVOID context) -> NTSTATUS {
    static_cast<kernel::Event*>(context)->set();
    return STATUS_MORE_PROCESSING_REQUIRED;
  };
  if (call(irp.prepare(completed, &over)) == STATUS_PENDING) over.wait();
  return irp.result().Status;
}

// A call of an object, that the object need not wait for: it is referred to until the call is over,
// and then told. For one call at a time.
template <typename Owner>
class Operation : kernel::NotCopied {
 public:
  explicit operator bool() const { return static_cast<bool>(irp_); }

  // `Done` is a member function of the owner that takes the call's status.
  template <auto Done, typename Call>
  void start(Owner& owner, Call call) {
    owner_ = kernel::RefPtr<Owner>::share(owner);
    const auto completed = [](PDEVICE_OBJECT, PIRP irp, PVOID context) -> NTSTATUS {
      // Out of the operation, which may be destroyed with its owner below.
      const kernel::RefPtr<Owner> owner = std::move(static_cast<Operation*>(context)->owner_);
      ((*owner).*Done)(irp->IoStatus.Status);
      return STATUS_MORE_PROCESSING_REQUIRED;
    };
    call(irp_.prepare(completed, this));
  }

 private:
  Irp irp_;
  kernel::RefPtr<Owner> owner_;
};

// The registration with WSK, from a successful start() to its destruction.
class Client : kernel::NotCopied {
 public:
  ~Client() {
    if (npi_.Dispatch != nullptr) WskReleaseProviderNPI(&registration_);
    if (registered_) WskDeregister(&registration_);
  }
  NTSTATUS start() {
    static const WSK_CLIENT_DISPATCH dispatch = {MAKE_WSK_VERSION(1, 0), 0, nullptr};
    WSK_CLIENT_NPI client = {nullptr, &dispatch};
    const NTSTATUS status = WskRegister(&client, &registration_);
    if (!NT_SUCCESS(status)) return status;
    registered_ = true;
    return WskCaptureProviderNPI(&registration_, 1000, &npi_);
  }
  // Events for all sockets of this client.
  NTSTATUS enable_events(ULONG mask) {
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
    return npi_.Dispatch->WskControlClient(npi_.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                           sizeof control, &control, 0, nullptr, nullptr, nullptr);
  }
  const WSK_PROVIDER_NPI& npi() const { return npi_; }

 private:
  WSK_REGISTRATION registration_{};
  WSK_PROVIDER_NPI npi_{};
  bool registered_ = false;
};

// A socket, closed with its owner, who therefore dies at PASSIVE_LEVEL. Dispatch is one of WSK's
// tables of functions.
template <typename Dispatch>
class Socket : kernel::NotCopied {
 public:
  explicit Socket(PWSK_SOCKET socket = nullptr) : socket_(socket) {}
  ~Socket() { close(); }

  explicit operator bool() const { return static_cast<bool>(irp_); }
  PWSK_SOCKET get() const { return socket_; }
  const Dispatch& functions() const { return *static_cast<const Dispatch*>(socket_->Dispatch); }

  void own(PWSK_SOCKET socket) { socket_ = socket; }
  // WSK has it, and not we: it was not accepted.
  void disown() { socket_ = nullptr; }
  // When it returns, no event is under way or will come.
  void close() {
    if (socket_ == nullptr) return;
    wait_for(irp_, [&](PIRP irp) { return functions().Basic.WskCloseSocket(socket_, irp); });
    socket_ = nullptr;
  }
  Irp& irp() { return irp_; }

 private:
  PWSK_SOCKET socket_;
  Irp irp_;  // There from the beginning, so that the close cannot fail.
};

using Listener = Socket<WSK_PROVIDER_LISTEN_DISPATCH>;
using Connection = Socket<WSK_PROVIDER_CONNECTION_DISPATCH>;

// Calls `take(bytes, size)` for each stretch of memory in a list of indications, until it is false.
template <typename Take>
bool for_each_stretch(const WSK_DATA_INDICATION* list, Take take) {
  for (; list != nullptr; list = list->Next) {
    SIZE_T left = list->Buffer.Length, offset = list->Buffer.Offset;
    for (PMDL mdl = list->Buffer.Mdl; mdl != nullptr && left > 0; mdl = mdl->Next) {
      const auto* bytes = static_cast<const char*>(
          MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute));
      const SIZE_T here = MmGetMdlByteCount(mdl) - offset;
      const SIZE_T size = here < left ? here : left;
      if (bytes == nullptr || !take(bytes + offset, size)) return false;
      left -= size;
      offset = 0;
    }
  }
  return true;
}

}  // namespace net
