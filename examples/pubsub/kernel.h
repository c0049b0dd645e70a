// kernel.h: what C++ needs to be at home in a driver, where nothing is thrown, nothing has a type
// at run time, and no constructor runs before DriverEntry: memory that may not be there, counted
// pointers, lists, locks, work items.
#pragma once

#include <ntddk.h>

#include <utility>

namespace kernel {

inline constexpr ULONG kPoolTag = 'bSuP';

// For classes whose objects lie in nonpaged pool. `new` is nullptr where there is no memory, and
// then the constructor does not run. `new (extra) T` has `extra` bytes behind the object.
struct NonPaged {
  static void* operator new(size_t size) noexcept { return allocate(size); }
  static void* operator new(size_t size, size_t extra) noexcept { return allocate(size + extra); }
  static void operator delete(void* memory) noexcept {
    if (memory != nullptr) ExFreePoolWithTag(memory, kPoolTag);
  }

 private:
  static void* allocate(size_t size) noexcept {
    return ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, size, kPoolTag);
  }
};

struct NotCopied {
  NotCopied() = default;
  NotCopied(const NotCopied&) = delete;
  NotCopied& operator=(const NotCopied&) = delete;
};

// ---- counted pointers

// T's objects count who refers to them, beginning with one. The last one to let go calls
// last_release(), which a class may give a meaning of its own.
template <typename T>
class RefCounted : NotCopied {
 public:
  void acquire() { InterlockedIncrement(&references_); }
  // False: the last reference is gone, and the object is on its way out.
  bool try_acquire() {
    LONG seen = ReadNoFence(&references_);
    while (seen != 0) {
      const LONG before = InterlockedCompareExchange(&references_, seen + 1, seen);
      if (before == seen) return true;
      seen = before;
    }
    return false;
  }
  void release() {
    if (InterlockedDecrement(&references_) == 0) static_cast<T*>(this)->last_release();
  }
  void last_release() { delete static_cast<T*>(this); }

 private:
  volatile LONG references_ = 1;
};

template <typename T>
class RefPtr {
 public:
  RefPtr() = default;
  RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  RefPtr(const RefPtr& other) : object_(other.object_) {
    if (object_ != nullptr) object_->acquire();
  }
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~RefPtr() {
    if (object_ != nullptr) object_->release();
  }

  // Takes the reference that the caller has.
  static RefPtr adopt(T* object) { return RefPtr(object); }
  // One more reference.
  static RefPtr share(T& object) {
    object.acquire();
    return RefPtr(&object);
  }
  // One more, unless there is none any more.
  static RefPtr try_share(T& object) { return RefPtr(object.try_acquire() ? &object : nullptr); }

  explicit operator bool() const { return object_ != nullptr; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }

 private:
  explicit RefPtr(T* object) : object_(object) {}
  T* object_ = nullptr;
};

// ---- lists

// An object can be in one list for each tag it derives a node of.
template <typename Tag>
struct Node : LIST_ENTRY {
  Node() { InitializeListHead(this); }
  bool is_linked() const { return Flink != this; }
  void unlink() {
    RemoveEntryList(this);
    InitializeListHead(this);
  }
};

// Owns nothing; whoever adds an object sees to it that the object stays.
template <typename T, typename Tag>
class List : NotCopied {
 public:
  List() { InitializeListHead(&head_); }
  bool is_empty() const { return IsListEmpty(&head_); }
  void push_back(T& object) { InsertTailList(&head_, static_cast<Node<Tag>*>(&object)); }
  T* front() { return is_empty() ? nullptr : object_of(head_.Flink); }
  T* pop_front() {
    T* object = front();
    if (object != nullptr) static_cast<Node<Tag>*>(object)->unlink();
    return object;
  }

  class Iterator {
   public:
    explicit Iterator(LIST_ENTRY* at) : at_(at) {}
    T& operator*() const { return *object_of(at_); }
    Iterator& operator++() {
      at_ = at_->Flink;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    LIST_ENTRY* at_;
  };
  Iterator begin() { return Iterator(head_.Flink); }
  Iterator end() { return Iterator(&head_); }

 private:
  static T* object_of(LIST_ENTRY* entry) { return static_cast<T*>(static_cast<Node<Tag>*>(entry)); }
  LIST_ENTRY head_;
};

// ---- locks and waiting

class SpinLock : NotCopied {
 public:
  SpinLock() { KeInitializeSpinLock(&lock_); }

 private:
  friend class SpinGuard;
  KSPIN_LOCK lock_;
};

// Has the lock, and so DISPATCH_LEVEL, for a scope.
class SpinGuard : NotCopied {
 public:
  explicit SpinGuard(SpinLock& lock) : lock_(lock.lock_) { KeAcquireSpinLock(&lock_, &irql_); }
  ~SpinGuard() { KeReleaseSpinLock(&lock_, irql_); }

 private:
  KSPIN_LOCK& lock_;
  KIRQL irql_;
};

class Event : NotCopied {
 public:
  Event() { KeInitializeEvent(&event_, NotificationEvent, FALSE); }
  void set() { KeSetEvent(&event_, IO_NO_INCREMENT, FALSE); }
  void wait() { KeWaitForSingleObject(&event_, Executive, KernelMode, FALSE, nullptr); }

 private:
  KEVENT event_;
};

// Lets somebody wait until all are gone, and nobody comes after that.
class Rundown : NotCopied {
 public:
  Rundown() { ExInitializeRundownProtection(&reference_); }
  bool acquire() { return ExAcquireRundownProtection(&reference_); }
  void release() { ExReleaseRundownProtection(&reference_); }
  void wait() { ExWaitForRundownProtectionRelease(&reference_); }

 private:
  EX_RUNDOWN_REF reference_;
};

// Runs something once at PASSIVE_LEVEL, on another thread. What it runs may destroy it.
class WorkItem : NotCopied {
 public:
  explicit WorkItem(PDRIVER_OBJECT driver)
      : item_(static_cast<PIO_WORKITEM>(
            ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), kPoolTag))) {
    if (item_ != nullptr) IoInitializeWorkItem(driver, item_);
  }
  ~WorkItem() {
    if (item_ == nullptr) return;
    IoUninitializeWorkItem(item_);
    ExFreePoolWithTag(item_, kPoolTag);
  }
  explicit operator bool() const { return item_ != nullptr; }

  // `Routine` is a function of one argument, a T*.
  template <auto Routine, typename T>
  void queue(T* argument) {
    const auto run = [](PVOID, PVOID context, PIO_WORKITEM) { Routine(static_cast<T*>(context)); };
    IoQueueWorkItemEx(item_, run, DelayedWorkQueue, argument);
  }

 private:
  PIO_WORKITEM item_;
};

}  // namespace kernel
