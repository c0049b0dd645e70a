// session.h: one peer of the server: its connection, the lines it sends, and what is sent to it.
//
// A session is referred to by the server while it is open, by each call of WSK under way, by each
// message on its way to it, and by its events while they run. When all are gone it is destroyed, in
// a work item, because closing a socket is waited for.
#pragma once

#include "hub.h"

namespace pubsub {

class Server;

// One message for one session; it destroys itself.
class Send : public kernel::NonPaged, public kernel::Node<Send>, kernel::NotCopied {
 public:
  // nullptr: the session is not open, or there is no memory and so the message is lost to it.
  static Send* create(Session& session, const kernel::RefPtr<Message>& message);
  // Not under a lock. A session that does not take what it is sent is ended instead.
  void start();

 private:
  Send(Session& session, const kernel::RefPtr<Message>& message);
  ~Send();
  static NTSTATUS completed(PDEVICE_OBJECT device, PIRP irp, PVOID context);

  kernel::RefPtr<Session> session_;
  kernel::RefPtr<Message> message_;
  net::Irp irp_;
  bool counts_ = false;  // Among the session's sends; else it has too many already.
};

class Session : public kernel::NonPaged,
                public kernel::RefCounted<Session>,
                public kernel::Node<Session> {
 public:
  // Takes a place in the server, which it gives back at its end. nullptr: there is none, or no
  // memory; the socket then stays WSK's.
  static Session* create(Server& server, PWSK_SOCKET socket);
  static const WSK_CLIENT_CONNECTION_DISPATCH events;

  // Breaks the connection, or lets it go when it is dead. Up to DISPATCH_LEVEL.
  void abort();
  void last_release();

  Subscriber& subscriber() { return subscriber_; }

 private:
  friend class Send;
  enum class State { kOpen, kEnding, kClosing };
  static constexpr size_t kMaxLine = 1024;
  static constexpr size_t kMaxBytes = 4 << 20;  // Under way, each message with what it takes here.
  static constexpr size_t kBytesOfSend = 512;

  Session(Server& server, PWSK_SOCKET socket);
  ~Session();
  bool is_complete() const;

  static NTSTATUS WSKAPI on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list,
                                    SIZE_T size, SIZE_T* accepted);
  static NTSTATUS WSKAPI on_disconnect(PVOID context, ULONG flags);

  bool take(const char* bytes, size_t size);
  bool obey(Text line);
  bool publish(const Text& topic, const Text& text);
  bool inform();
  bool reply(const kernel::RefPtr<Message>& message);
  bool reply_status(NTSTATUS status);

  enum class Room { kNone, kEnough, kTooLittle };
  Room begin_send(size_t size);
  void end_send(size_t size, NTSTATUS status);
  void end();
  void ended(NTSTATUS status);
  void aborted(NTSTATUS) {}  // What follows is the close, however it ended.
  static void destroy(Session* session);
  bool begin_closing();
  void leave();

  Server& server_;
  net::Connection socket_;
  net::Operation<Session> end_;
  net::Operation<Session> abort_;
  kernel::WorkItem destroyer_;

  kernel::SpinLock lock_;  // Guards the three below.
  State state_ = State::kOpen;
  bool dead_ = false;
  size_t bytes_ = 0;  // Under way.

  Subscriber subscriber_;
  char line_[kMaxLine];  // These are on_receive's, whose calls do not overlap.
  size_t line_size_ = 0;
};

}  // namespace pubsub
