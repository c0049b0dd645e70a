// hub.h: who wants to hear about what. It knows sessions only by who they are; session.h is about
// their connections.
#pragma once

#include "net.h"
#include "text.h"

namespace pubsub {

class Session;

// A line on its way to any number of sessions: they all send the same memory.
class Message : public kernel::NonPaged, public kernel::RefCounted<Message> {
 public:
  // The texts one after the other, and a newline. Null where there is no memory.
  template <typename... Texts>
  static kernel::RefPtr<Message> of(const Texts&... texts) {
    const size_t size = (texts.size + ... + 1);
    auto message = kernel::RefPtr<Message>::adopt(new (size) Message(static_cast<ULONG>(size)));
    if (!message || !message->mdl_) return {};
    char* at = message->bytes();
    (append(at, texts), ...);
    *at = '\n';
    return message;
  }
  size_t size() const { return size_; }
  WSK_BUF buffer() const { return {mdl_.get(), 0, size_}; }

 private:
  explicit Message(ULONG size) : size_(size), mdl_(bytes(), size) {}
  static void append(char*& at, const Text& text) {
    RtlCopyMemory(at, text.data, text.size);
    at += text.size;
  }
  char* bytes() { return reinterpret_cast<char*>(this + 1); }

  ULONG size_;
  net::Mdl mdl_;
};

class Topic;
struct ByTopic;
struct BySession;

class Subscription : public kernel::NonPaged,
                     public kernel::Node<ByTopic>,
                     public kernel::Node<BySession> {
 public:
  Subscription(Session& session, Topic& topic) : session_(session), topic_(topic) {}
  Session& session() const { return session_; }
  Topic& topic() const { return topic_; }

 private:
  Session& session_;
  Topic& topic_;
};

// What the hub keeps in each session, and guards.
struct Subscriber {
  kernel::List<Subscription, BySession> subscriptions;
  bool has_left = false;
};

class Hub : kernel::NotCopied {
 public:
  ~Hub();  // All sessions have left.

  // Any IRQL up to DISPATCH_LEVEL. Subscribing twice is the same as once.
  NTSTATUS subscribe(Session& session, const Text& topic);
  NTSTATUS unsubscribe(Session& session, const Text& topic);
  // Sends "MSG topic text" to all who want it, and counts them.
  NTSTATUS publish(const Text& topic, const Text& text, ULONG& receivers);
  // Ends all that the session is subscribed to. It cannot subscribe again.
  void leave(Session& session);
  ULONG topic_count();

 private:
  Topic* find_locked(const Text& name);
  Topic* find_or_create_locked(const Text& name);
  Subscription* find_locked(Session& session, const Topic& topic);
  void delete_if_empty_locked(Topic& topic);
  void end_locked(Subscription* subscription);

  kernel::SpinLock lock_;  // Guards the rest, each topic and each Subscriber.
  kernel::List<Topic, Topic> topics_;
  ULONG topic_count_ = 0;
};

}  // namespace pubsub
