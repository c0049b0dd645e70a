// List: a doubly linked list through a member of its elements. It owns nothing and allocates
// nothing; an element is in at most one list per Link.
#pragma once

#include <cstddef>

#include "base/check.h"

namespace wskrun::base {

struct Link {
  Link* next = nullptr;
  Link* prev = nullptr;
  bool linked() const { return next != nullptr; }
};

template <typename T, Link T::*member>
class List {
 public:
  List() { head_.next = head_.prev = &head_; }
  ~List() { CHECK(empty()); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  bool empty() const { return head_.next == &head_; }
  T* front() { return empty() ? nullptr : owner(head_.next); }
  T* back() { return empty() ? nullptr : owner(head_.prev); }
  T* next(T& element) {
    Link* link = (element.*member).next;
    return link == &head_ ? nullptr : owner(link);
  }

  void push_back(T& element) { insert_before(head_, element.*member); }
  void push_front(T& element) { insert_before(*head_.next, element.*member); }

  static void remove(T& element) {
    Link& link = element.*member;
    CHECK(link.linked());
    link.prev->next = link.next;
    link.next->prev = link.prev;
    link = Link{};
  }

  T* pop_front() {
    T* first = front();
    if (first != nullptr) remove(*first);
    return first;
  }

  // Moves everything of `other` to the end of this list.
  void take(List& other) {
    while (T* element = other.pop_front()) push_back(*element);
  }

 private:
  static void insert_before(Link& position, Link& link) {
    CHECK(!link.linked());
    link.next = &position;
    link.prev = position.prev;
    position.prev->next = &link;
    position.prev = &link;
  }

  static T* owner(Link* link) {
    const auto offset = reinterpret_cast<std::size_t>(&(static_cast<T*>(nullptr)->*member));
    return reinterpret_cast<T*>(reinterpret_cast<char*>(link) - offset);
  }

  Link head_;
};

}  // namespace wskrun::base
