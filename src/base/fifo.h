// Fifo: a queue in one vector, consumed at its front. While it is empty for long it can be without
// memory, which a deque never is.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace wskrun::base {

// A place that was used holds what moving leaves there.
template <typename T>
class Fifo {
 public:
  bool empty() const { return head_ == items_.size(); }
  std::size_t size() const { return items_.size() - head_; }
  T& front() { return items_[head_]; }
  const T& front() const { return items_[head_]; }

  void push_back(T item) {
    if (items_.size() == items_.capacity() && head_ * 2 >= items_.size()) drop_used();
    items_.push_back(std::move(item));
  }
  // Undoes pop_front().
  void push_front(T item) {
    if (head_ > 0) {
      items_[--head_] = std::move(item);
    } else {
      items_.insert(items_.begin(), std::move(item));
    }
  }
  T pop_front() {
    T item = std::move(items_[head_++]);
    if (empty()) clear();
    return item;
  }
  void clear() {
    items_.clear();
    head_ = 0;
  }

 private:
  // Where half of the vector is used up it need not grow.
  void drop_used() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }

  std::vector<T> items_;  // From head_ on.
  std::size_t head_ = 0;
};

}  // namespace wskrun::base
