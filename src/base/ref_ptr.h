// RefPtr: shared ownership of an object that counts its own references (add_ref, release).
#pragma once

#include <atomic>
#include <utility>

#include "base/check.h"

namespace wskrun::base {

// Gives a class its count. It starts at 1, owned by whoever made the object.
template <typename T>
class RefCounted {
 public:
  void add_ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<T*>(this);
  }

 protected:
  ~RefCounted() = default;

 private:
  std::atomic<unsigned> references_{1};
};

template <typename T>
class RefPtr {
 public:
  RefPtr() = default;
  static RefPtr adopt(T* object) {
    RefPtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  static RefPtr share(T* object) {
    if (object != nullptr) object->add_ref();
    return adopt(object);
  }
  RefPtr(const RefPtr& other) : object_(other.object_) {
    if (object_ != nullptr) object_->add_ref();
  }
  RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~RefPtr() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* leak() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace wskrun::base
