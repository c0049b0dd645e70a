// server.cpp: accepting sessions, and ending them all.
#include "server.h"

namespace pubsub {

using kernel::RefPtr;
using kernel::SpinGuard;

const WSK_CLIENT_LISTEN_DISPATCH Server::events = {on_accept, nullptr, nullptr};

// ---- places

bool Server::acquire_place() {
  {
    const SpinGuard guard(lock_);
    if (session_count_ == kMaxSessions) return false;
    ++session_count_;
  }
  if (places_.acquire()) return true;
  const SpinGuard guard(lock_);
  --session_count_;
  return false;
}

void Server::release_place() {
  {
    const SpinGuard guard(lock_);
    --session_count_;
  }
  places_.release();
}

ULONG Server::session_count() {
  const SpinGuard guard(lock_);
  return session_count_;
}

// Keeps the reference that the session began with.
void Server::remember(Session& session) {
  const SpinGuard guard(lock_);
  sessions_.push_back(session);
}

void Server::forget(Session& session) {
  bool was_remembered = false;
  {
    const SpinGuard guard(lock_);
    was_remembered = session.is_linked();
    if (was_remembered) session.unlink();
  }
  if (was_remembered) session.release();
}

// With its reference.
RefPtr<Session> Server::take_any() {
  const SpinGuard guard(lock_);
  return RefPtr<Session>::adopt(sessions_.pop_front());
}

// ---- the listener

NTSTATUS WSKAPI Server::on_accept(PVOID context, ULONG, PSOCKADDR, PSOCKADDR, PWSK_SOCKET socket,
                                  PVOID* socket_context,
                                  const WSK_CLIENT_CONNECTION_DISPATCH** socket_events) {
  auto& server = *static_cast<Server*>(context);
  if (socket == nullptr) return STATUS_REQUEST_NOT_ACCEPTED;  // The listener is dead.
  Session* session = Session::create(server, socket);
  if (session == nullptr) return STATUS_REQUEST_NOT_ACCEPTED;  // WSK closes the socket.
  server.remember(*session);
  *socket_context = session;
  *socket_events = &Session::events;
  return STATUS_SUCCESS;
}

NTSTATUS Server::create_listener() {
  const WSK_PROVIDER_NPI& npi = client_.npi();
  const NTSTATUS status = net::wait_for(listener_.irp(), [&](PIRP irp) {
    return npi.Dispatch->WskSocket(npi.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                   WSK_FLAG_LISTEN_SOCKET, this, &events, nullptr, nullptr, nullptr,
                                   irp);
  });
  if (!NT_SUCCESS(status)) return status;
  listener_.own(reinterpret_cast<PWSK_SOCKET>(listener_.irp().result().Information));
  return status;
}

// From the bind on, on_accept is called.
NTSTATUS Server::bind_listener(USHORT port) {
  SOCKADDR_IN address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
  address.sin_port = RtlUshortByteSwap(port);
  auto* any_address = reinterpret_cast<PSOCKADDR>(&address);
  NTSTATUS status = net::wait_for(listener_.irp(), [&](PIRP irp) {
    return listener_.functions().WskBind(listener_.get(), any_address, 0, irp);
  });
  if (!NT_SUCCESS(status)) return status;
  status = net::wait_for(listener_.irp(), [&](PIRP irp) {
    return listener_.functions().WskGetLocalAddress(listener_.get(), any_address, irp);
  });
  if (NT_SUCCESS(status)) {
    DbgPrintEx(DPFLTR_IHVNETWORK_ID, DPFLTR_TRACE_LEVEL, "listening on 127.0.0.1:%u\n",
               RtlUshortByteSwap(address.sin_port));
  }
  return status;
}

NTSTATUS Server::start(USHORT port) {
  if (!listener_) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS status = client_.start();
  if (NT_SUCCESS(status)) {
    status = client_.enable_events(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  }
  if (NT_SUCCESS(status)) status = create_listener();
  if (NT_SUCCESS(status)) status = bind_listener(port);
  return status;
}

Server::~Server() {
  listener_.close();  // Nobody new comes.
  while (const RefPtr<Session> session = take_any()) session->abort();
  places_.wait();
}

}  // namespace pubsub
