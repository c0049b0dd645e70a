// What C++ drivers in the field write, in one file that only has to compile.
#include <ntddk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

namespace sample {

template <class T>
class Lock {
 public:
  _IRQL_requires_max_(DISPATCH_LEVEL) explicit Lock(T& lock) : lock_(lock) {
    KeAcquireSpinLock(&lock_, &irql_);
  }
  ~Lock() { KeReleaseSpinLock(&lock_, irql_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  T& lock_;
  KIRQL irql_ = PASSIVE_LEVEL;
};

struct Node {
  LIST_ENTRY link;
  LONG64 flags;
  Node* volatile next;
};

static const auto complete = [](PDEVICE_OBJECT, PIRP Irp, PVOID Context) -> NTSTATUS {
  auto* event = static_cast<PKEVENT>(Context);
  if (Irp->PendingReturned) KeSetEvent(event, IO_NO_INCREMENT, FALSE);
  return reinterpret_cast<uintptr_t>(Irp) != 0 ? StopCompletion : ContinueCompletion;
};

__declspec(code_seg("PAGE")) _IRQL_requires_(PASSIVE_LEVEL) static NTSTATUS start(_In_ PIRP irp) {
  PAGED_CODE();
  static KSPIN_LOCK lock;
  KEVENT event;
  Node node{};
  DECLARE_CONST_UNICODE_STRING(name, L"node");
  static const UNICODE_STRING other = RTL_CONSTANT_STRING(L"other");

  KeInitializeEvent(&event, NotificationEvent, FALSE);
  {
    Lock guard(lock);
    InterlockedIncrement64(&node.flags);
    InterlockedExchangePointer(&node.next, nullptr);
    InterlockedBitTestAndSet64(&node.flags, 3);
  }
  IoSetCompletionRoutine(irp, complete, &event, true, true, true);
  __try {
    ProbeForRead(&node, sizeof(node), TYPE_ALIGNMENT(Node));
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return GetExceptionCode();
  }
  if (auto* location = IoGetNextIrpStackLocation(irp); location->Control != 0) {
    DbgPrint("%wZ %wZ\n", &name, &other);
  }
  LARGE_INTEGER timeout{.QuadPart = -10'000};
  return KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
}

}  // namespace sample

extern "C" NTSTATUS DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING) {
  DriverObject->DriverUnload = [](PDRIVER_OBJECT) {};
  auto* irp = IoAllocateIrp(1, FALSE);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  const NTSTATUS status = sample::start(irp);
  IoFreeIrp(irp);
  return status;
}
