// BasicSocket: a socket that can only be controlled: options, control codes, extensions. It has no
// socket of the transport behind it.
#pragma once

#include "wsk/socket.h"

namespace wskrun::wsk {

class BasicSocket final : public Socket {
 public:
  BasicSocket(base::RefPtr<Client> client, net::Family family, PVOID context,
              const void* created_by);

 private:
  NTSTATUS set_option(net::SocketOption, ULONG) override { return STATUS_INVALID_DEVICE_REQUEST; }
  NTSTATUS get_option(net::SocketOption, ULONG&) const override {
    return STATUS_INVALID_DEVICE_REQUEST;
  }
  bool is_bound() const override { return false; }
  // There is no event of WSK's own that a basic socket could have (E-010).
  NTSTATUS may_control_events_locked() const override REQUIRES(mutex_) { return STATUS_SUCCESS; }
  ULONG callbacks_locked() const override REQUIRES(mutex_) { return 0; }
  void on_events_enabled() override {}
  void begin_close() override { drop_open_user(); }
  void cancel(Request& request) override;
};

}  // namespace wskrun::wsk
