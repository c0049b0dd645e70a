// hub.cpp: topics and subscriptions. Nothing is sent while the lock is held.
#include "hub.h"

#include "session.h"

namespace pubsub {

// Is there as long as somebody is subscribed.
class Topic : public kernel::NonPaged, public kernel::Node<Topic>, kernel::NotCopied {
 public:
  static constexpr size_t kMaxName = 64;

  explicit Topic(const Text& name) : name_size_(name.size) {
    RtlCopyMemory(name_, name.data, name.size);
  }
  Text name() const { return {name_, name_size_}; }
  kernel::List<Subscription, ByTopic>& subscriptions() { return subscriptions_; }

 private:
  char name_[kMaxName];
  size_t name_size_;
  kernel::List<Subscription, ByTopic> subscriptions_;
};

Hub::~Hub() {
  NT_ASSERT(topics_.is_empty());
}

Topic* Hub::find_locked(const Text& name) {
  for (Topic& topic : topics_) {
    if (topic.name() == name) return &topic;
  }
  return nullptr;
}

Topic* Hub::find_or_create_locked(const Text& name) {
  Topic* topic = find_locked(name);
  if (topic != nullptr) return topic;
  topic = new Topic(name);
  if (topic == nullptr) return nullptr;
  topics_.push_back(*topic);
  ++topic_count_;
  return topic;
}

Subscription* Hub::find_locked(Session& session, const Topic& topic) {
  for (Subscription& subscription : session.subscriber().subscriptions) {
    if (&subscription.topic() == &topic) return &subscription;
  }
  return nullptr;
}

void Hub::delete_if_empty_locked(Topic& topic) {
  if (!topic.subscriptions().is_empty()) return;
  topic.unlink();
  --topic_count_;
  delete &topic;
}

void Hub::end_locked(Subscription* subscription) {
  Topic& topic = subscription->topic();
  static_cast<kernel::Node<ByTopic>*>(subscription)->unlink();
  static_cast<kernel::Node<BySession>*>(subscription)->unlink();
  delete subscription;
  delete_if_empty_locked(topic);
}

NTSTATUS Hub::subscribe(Session& session, const Text& name) {
  if (name.size == 0 || name.size > Topic::kMaxName) return STATUS_INVALID_PARAMETER;
  const kernel::SpinGuard guard(lock_);
  if (session.subscriber().has_left) return STATUS_INVALID_DEVICE_STATE;
  Topic* topic = find_or_create_locked(name);
  if (topic == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (find_locked(session, *topic) != nullptr) return STATUS_SUCCESS;
  auto* subscription = new Subscription(session, *topic);
  if (subscription == nullptr) {
    delete_if_empty_locked(*topic);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  topic->subscriptions().push_back(*subscription);
  session.subscriber().subscriptions.push_back(*subscription);
  return STATUS_SUCCESS;
}

NTSTATUS Hub::unsubscribe(Session& session, const Text& name) {
  const kernel::SpinGuard guard(lock_);
  Topic* topic = find_locked(name);
  Subscription* subscription = topic != nullptr ? find_locked(session, *topic) : nullptr;
  if (subscription == nullptr) return STATUS_NOT_FOUND;
  end_locked(subscription);
  return STATUS_SUCCESS;
}

void Hub::leave(Session& session) {
  const kernel::SpinGuard guard(lock_);
  session.subscriber().has_left = true;
  while (Subscription* subscription = session.subscriber().subscriptions.front())
    end_locked(subscription);
}

NTSTATUS Hub::publish(const Text& name, const Text& text, ULONG& receivers) {
  const kernel::RefPtr<Message> message = Message::of(Text::of("MSG "), name, Text::of(" "), text);
  if (!message) return STATUS_INSUFFICIENT_RESOURCES;
  receivers = 0;
  kernel::List<Send, Send> sends;
  {
    const kernel::SpinGuard guard(lock_);
    Topic* topic = find_locked(name);
    if (topic == nullptr) return STATUS_SUCCESS;
    for (Subscription& subscription : topic->subscriptions()) {
      Send* send = Send::create(subscription.session(), message);
      if (send == nullptr) continue;
      sends.push_back(*send);
      ++receivers;
    }
  }
  while (Send* send = sends.pop_front()) send->start();
  return STATUS_SUCCESS;
}

ULONG Hub::topic_count() {
  const kernel::SpinGuard guard(lock_);
  return topic_count_;
}

}  // namespace pubsub
