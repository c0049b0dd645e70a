// session.cpp: lines in, messages out, and the three ways to an end: the peer's, ours, and a dead
// socket.
#include "session.h"

#include <ntstrsafe.h>

#include "server.h"

namespace pubsub {

using kernel::RefPtr;
using kernel::SpinGuard;

// ---- sending

Send::Send(Session& session, const RefPtr<Message>& message)
    : session_(RefPtr<Session>::share(session)), message_(message) {}

Send::~Send() = default;

Send* Send::create(Session& session, const RefPtr<Message>& message) {
  const Session::Room room = session.begin_send(message->size());
  if (room == Session::Room::kNone) return nullptr;
  Send* send = new Send(session, message);
  if (send != nullptr && send->irp_) {
    send->counts_ = room == Session::Room::kEnough;
    return send;
  }
  delete send;
  if (room == Session::Room::kEnough) session.end_send(message->size(), STATUS_SUCCESS);
  return nullptr;
}

void Send::start() {
  if (!counts_) {
    session_->abort();
    delete this;
    return;
  }
  WSK_BUF buffer = message_->buffer();
  const net::Connection& socket = session_->socket_;
  socket.functions().WskSend(socket.get(), &buffer, WSK_FLAG_NODELAY,
                             irp_.prepare(completed, this));
}

NTSTATUS Send::completed(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  auto* send = static_cast<Send*>(context);
  const RefPtr<Session> session = std::move(send->session_);
  const NTSTATUS status = irp->IoStatus.Status;
  const size_t size = send->message_->size();
  delete send;  // The IRP, too.
  session->end_send(size, status);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

Session::Room Session::begin_send(size_t size) {
  const SpinGuard guard(lock_);
  if (state_ != State::kOpen) return Room::kNone;
  if (bytes_ + size + kBytesOfSend > kMaxBytes) return Room::kTooLittle;
  bytes_ += size + kBytesOfSend;
  return Room::kEnough;
}

void Session::end_send(size_t size, NTSTATUS status) {
  bool failed = false;
  {
    const SpinGuard guard(lock_);
    bytes_ -= size + kBytesOfSend;
    if (status == STATUS_FILE_FORCED_CLOSED) dead_ = true;
    failed = !NT_SUCCESS(status) && state_ == State::kOpen;
  }
  if (failed) abort();
}

bool Session::reply(const RefPtr<Message>& message) {
  Send* send = message ? Send::create(*this, message) : nullptr;
  if (send == nullptr) return false;
  send->start();
  return true;
}

// ---- lines

bool Session::reply_status(NTSTATUS status) {
  if (NT_SUCCESS(status)) return reply(Message::of(Text::of("+OK")));
  char digits[16];
  if (!NT_SUCCESS(RtlStringCbPrintfA(digits, sizeof digits, "0x%08X", status))) return false;
  return reply(Message::of(Text::of("-ERR "), Text{digits, 10}));
}

bool Session::publish(const Text& topic, const Text& text) {
  ULONG receivers = 0;
  const NTSTATUS status = server_.hub().publish(topic, text, receivers);
  if (!NT_SUCCESS(status)) return reply_status(status);
  char digits[16];
  size_t size = 0;
  if (!NT_SUCCESS(RtlStringCbPrintfA(digits, sizeof digits, "%u", receivers))) return false;
  if (!NT_SUCCESS(RtlStringCbLengthA(digits, sizeof digits, &size))) return false;
  return reply(Message::of(Text::of("+SENT "), Text{digits, size}));
}

bool Session::inform() {
  char text[64];
  size_t size = 0;
  if (!NT_SUCCESS(RtlStringCbPrintfA(text, sizeof text, "+INFO %u sessions, %u topics",
                                     server_.session_count(), server_.hub().topic_count()))) {
    return false;
  }
  if (!NT_SUCCESS(RtlStringCbLengthA(text, sizeof text, &size))) return false;
  return reply(Message::of(Text{text, size}));
}

// False: the session cannot go on.
bool Session::obey(Text line) {
  if (line.size > 0 && line.data[line.size - 1] == '\r') --line.size;
  const Text command = line.take_word();
  if (command == Text::of("PUB")) {
    const Text topic = line.take_word();
    return publish(topic, line);
  }
  if (command == Text::of("SUB")) return reply_status(server_.hub().subscribe(*this, line));
  if (command == Text::of("UNSUB")) return reply_status(server_.hub().unsubscribe(*this, line));
  if (command == Text::of("INFO")) return inform();
  return reply(Message::of(Text::of("-ERR what?")));
}

bool Session::take(const char* bytes, size_t size) {
  for (; size > 0; ++bytes, --size) {
    if (*bytes == '\n') {
      if (!obey({line_, line_size_})) return false;
      line_size_ = 0;
    } else if (line_size_ == kMaxLine) {
      return false;
    } else {
      line_[line_size_++] = *bytes;
    }
  }
  return true;
}

// ---- events, at DISPATCH_LEVEL or below

const WSK_CLIENT_CONNECTION_DISPATCH Session::events = {on_receive, on_disconnect, nullptr};

NTSTATUS WSKAPI Session::on_receive(PVOID context, ULONG, PWSK_DATA_INDICATION list, SIZE_T,
                                    SIZE_T*) {
  // Nobody refers to a session whose socket is being closed, and events may still run then.
  const RefPtr<Session> self = RefPtr<Session>::try_share(*static_cast<Session*>(context));
  if (!self) return STATUS_SUCCESS;
  if (list == nullptr) {
    {
      const SpinGuard guard(self->lock_);
      self->dead_ = true;
    }
    self->abort();
    return STATUS_SUCCESS;
  }
  const bool goes_on = net::for_each_stretch(
      list, [&](const char* bytes, size_t size) { return self->take(bytes, size); });
  if (!goes_on) self->abort();
  return STATUS_SUCCESS;  // All of it has been read.
}

NTSTATUS WSKAPI Session::on_disconnect(PVOID context, ULONG flags) {
  const RefPtr<Session> self = RefPtr<Session>::try_share(*static_cast<Session*>(context));
  if (!self) return STATUS_SUCCESS;
  if (flags & WSK_FLAG_ABORTIVE) {
    self->abort();
  } else {
    self->end();
  }
  return STATUS_SUCCESS;
}

// ---- ends

// True for the first who wants the session closed.
bool Session::begin_closing() {
  const SpinGuard guard(lock_);
  return std::exchange(state_, State::kClosing) != State::kClosing;
}

// Nobody begins anything with the session any more. The caller refers to it.
void Session::leave() {
  server_.hub().leave(*this);
  server_.forget(*this);
}

// The peer sends no more. It still gets what is under way, and then our end.
void Session::end() {
  {
    const SpinGuard guard(lock_);
    if (state_ != State::kOpen) return;
    state_ = State::kEnding;
  }
  server_.hub().leave(*this);
  end_.start<&Session::ended>(*this, [&](PIRP irp) {
    return socket_.functions().WskDisconnect(socket_.get(), nullptr, 0, irp);
  });
}

void Session::ended(NTSTATUS) {
  if (begin_closing()) leave();  // Where it failed the close breaks the connection.
}

void Session::abort() {
  if (!begin_closing()) return;
  bool dead;
  {
    const SpinGuard guard(lock_);
    dead = dead_;
  }
  if (!dead) {
    abort_.start<&Session::aborted>(*this, [&](PIRP irp) {
      return socket_.functions().WskDisconnect(socket_.get(), nullptr, WSK_FLAG_ABORTIVE, irp);
    });
  }
  leave();
}

// ---- birth and death

Session::Session(Server& server, PWSK_SOCKET socket)
    : server_(server), socket_(socket), destroyer_(server.driver()) {}

Session::~Session() {
  socket_.close();  // Events run until then, so everything else has to be there.
}

bool Session::is_complete() const {
  return socket_ && end_ && abort_ && destroyer_;
}

Session* Session::create(Server& server, PWSK_SOCKET socket) {
  if (!server.acquire_place()) return nullptr;
  auto* session = new Session(server, socket);
  if (session != nullptr && session->is_complete()) return session;
  if (session != nullptr) session->socket_.disown();
  delete session;
  server.release_place();
  return nullptr;
}

void Session::destroy(Session* session) {
  Server& server = session->server_;
  delete session;
  server.release_place();  // The server may be gone after this.
}

void Session::last_release() {
  destroyer_.queue<&Session::destroy>(this);
}

}  // namespace pubsub
