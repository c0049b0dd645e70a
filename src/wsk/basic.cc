// What little there is to a basic socket.
#include "wsk/basic.h"

#include "base/check.h"
#include "wsk/dispatch.h"

namespace wskrun::wsk {

BasicSocket::BasicSocket(base::RefPtr<Client> client, net::Family family, PVOID context,
                         const void* created_by)
    : Socket(std::move(client), Category::kBasic, family, &kBasicDispatch, context, created_by) {}

void BasicSocket::cancel(Request&) {
  CHECK(false);  // No request of its own is ever made cancellable.
}

}  // namespace wskrun::wsk
