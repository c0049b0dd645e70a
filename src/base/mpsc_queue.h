// MpscQueue: many threads push, one thread takes everything at once, in the order of pushing.
// Elements are linked through their own `next`; nothing is allocated and nobody waits.
#pragma once

#include <atomic>

namespace wskrun::base {

template <typename T>
class MpscQueue {
 public:
  // Returns true when the queue was empty: the pusher who sees that wakes the consumer.
  bool push(T& element) {
    T* head = head_.load(std::memory_order_relaxed);
    do {
      element.next = head;
    } while (!head_.compare_exchange_weak(head, &element, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  // Consumer only. The chain, oldest first, linked by next.
  T* take_all() {
    T* reversed = head_.exchange(nullptr, std::memory_order_acquire);
    T* chain = nullptr;
    while (reversed != nullptr) {
      T* next = reversed->next;
      reversed->next = chain;
      chain = reversed;
      reversed = next;
    }
    return chain;
  }

  bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  std::atomic<T*> head_{nullptr};
};

}  // namespace wskrun::base
