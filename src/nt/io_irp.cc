// IRPs: making, sending down and completing them. io_cancel.cc cancels them; what fills their
// stack locations is the provider's (wsk/) or the driver's.
#include "nt/io_irp.h"

#include <cstring>

#include "nt/block.h"
#include "nt/ke_bugcheck.h"
#include "nt/upcall.h"
#include "probe/counters.h"
#include "probe/events.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// AllocationFlags is private to the I/O manager. Our bits in it say who has the IRP now, which
// IofCompleteRequest drops, and whose it is.
constexpr UCHAR kHasOwner = 0x20;         // An IrpOwner, in Tail.Overlay.IrpExtension.
constexpr UCHAR kSentToDriver = 0x40;     // By IofCallDriver.
constexpr UCHAR kTakenByProvider = 0x80;  // By take_irp().

void initialize(IRP& irp, USHORT size_bytes, CCHAR stack_size) {
  std::memset(static_cast<void*>(&irp), 0, size_bytes);
  irp.Type = IO_TYPE_IRP;
  irp.Size = size_bytes;
  irp.StackCount = stack_size;
  irp.CurrentLocation = static_cast<CCHAR>(stack_size + 1);
  InitializeListHead(&irp.ThreadListEntry);
  irp.Tail.Overlay.CurrentStackLocation =
      reinterpret_cast<PIO_STACK_LOCATION>(&irp + 1) + stack_size;
}

// Somebody below the driver still has the IRP and will complete it. Not every case can be told: a
// driver may keep a stack location for itself, which looks the same once bits are dropped.
bool in_use_below(const IRP& irp) {
  return (irp.AllocationFlags & (kSentToDriver | kTakenByProvider)) != 0 ||
         irp.CurrentLocation < irp.StackCount;
}

void require_irp(const IRP* irp, const char* function) {
  if (irp->Type == IO_TYPE_IRP) return;
  bug_check(
      {MULTIPLE_IRP_COMPLETE_REQUESTS, {parameter(irp), 0, 0, 0}},
      "%s(%p): this is no IRP: it was freed already, or it lies in memory that IoInitializeIrp "
      "has not seen",
      function, static_cast<const void*>(irp));
}

bool wants_completion(const IRP& irp, UCHAR control) {
  const UCHAR outcome = NT_SUCCESS(irp.IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
  return (control & outcome) != 0 || ((control & SL_INVOKE_ON_CANCEL) != 0 && irp_cancelled(irp));
}

// What is left of a location when its owner has completed the IRP: the routine may already be
// sending the IRP down again.
void clear_location(IO_STACK_LOCATION& location) {
  location.MinorFunction = 0;
  location.Flags = 0;
  location.Control = 0;
  std::memset(&location.Parameters, 0, sizeof location.Parameters);
  location.FileObject = nullptr;
}

void next_location(IRP& irp, const char* function) {
  if (irp.CurrentLocation <= 1) {
    bug_check(
        {NO_MORE_IRP_STACK_LOCATIONS, {parameter(&irp), 0, 0, 0}},
        "%s: IRP %p has no stack location left (it has %d); allocate it with one more, or wait "
        "for the request that has it now",
        function, static_cast<void*>(&irp), irp.StackCount);
  }
  IoSetNextIrpStackLocation(&irp);
}

IrpOwner* owner_of(const IRP& irp) {
  if ((irp.AllocationFlags & kHasOwner) == 0) return nullptr;
  return static_cast<IrpOwner*>(irp.Tail.Overlay.IrpExtension);
}

// Above its topmost location an IRP is complete, or was never sent. One that the I/O manager waits
// for goes to it from there: a completion routine may have kept it for a while.
bool can_be_completed(const IRP& irp) {
  if (irp.CurrentLocation <= irp.StackCount) return true;
  return irp.CurrentLocation == irp.StackCount + 1 && owner_of(irp) != nullptr;
}

void check_completion(const IRP& irp) {
  const void* const address = &irp;
  require_irp(&irp, "IoCompleteRequest");
  require_irql_at_most(DISPATCH_LEVEL, "IoCompleteRequest");
  if (!can_be_completed(irp)) {
    bug_check({MULTIPLE_IRP_COMPLETE_REQUESTS, {parameter(address), 0, 0, 0}},
              "IoCompleteRequest(%p): this IRP is complete already, or was never sent", address);
  }
  if (irp.IoStatus.Status == STATUS_PENDING) {
    probe::mistake(address,
                   "IoCompleteRequest(%p) with IoStatus.Status STATUS_PENDING: set the "
                   "final status first",
                   address);
  }
  if (__atomic_load_n(&irp.CancelRoutine, __ATOMIC_ACQUIRE) != nullptr) {
    probe::mistake(address,
                   "IoCompleteRequest(%p) while its cancel routine is still set: take it "
                   "off with IoSetCancelRoutine(Irp, NULL) first",
                   address);
  }
}

// The IRP went past its top, and no I/O manager waits there: it is the driver's, and perhaps gone,
// so only its address is used. `routine` is the topmost one if that was called.
void report_past_top(const void* irp, PIO_COMPLETION_ROUTINE routine) {
  if (routine == nullptr) {
    probe::mistake(irp,
                   "IRP %p completed with no completion routine that wanted to know: call "
                   "IoSetCompletionRoutine with all three invoke flags before each use",
                   irp);
    return;
  }
  probe::mistake(irp,
                 "the completion routine %p of the driver's own IRP %p did not return "
                 "STATUS_MORE_PROCESSING_REQUIRED: on Windows the I/O manager would now take the "
                 "IRP and crash",
                 reinterpret_cast<const void*>(routine), irp);
}

// Walks the locations upwards from the one of who completes. A routine that takes the IRP ends the
// walk, and from then on nothing of the IRP is touched; the last routine may even have freed it.
void complete_upwards(IRP& irp) {
  PIO_STACK_LOCATION left = IoGetCurrentIrpStackLocation(&irp);
  PIO_COMPLETION_ROUTINE called = nullptr;
  IrpOwner* const owner = owner_of(irp);
  for (int above_top = irp.StackCount + 1, level = int{irp.CurrentLocation}; level < above_top;
       ++level, ++left) {
    const bool at_top = level + 1 == above_top;
    const UCHAR control = left->Control;
    clear_location(*left);
    irp.PendingReturned = (control & SL_PENDING_RETURNED) != 0;
    irp.CurrentLocation = static_cast<CCHAR>(level + 1);
    irp.Tail.Overlay.CurrentStackLocation = left + 1;
    called = nullptr;
    if (wants_completion(irp, control)) {
      called = left->CompletionRoutine;
      const PDEVICE_OBJECT device = at_top ? nullptr : left[1].DeviceObject;
      const NTSTATUS taken = upcall("IoCompletion", called, device, &irp, left->Context);
      if (taken == STATUS_MORE_PROCESSING_REQUIRED) return;
    } else if (irp.PendingReturned && !at_top) {
      IoMarkIrpPending(&irp);
    }
  }
  if (owner != nullptr) {
    irp.AllocationFlags &= static_cast<UCHAR>(~kHasOwner);
    return owner->take_back(irp);
  }
  report_past_top(&irp, called);
}

// `function` is for IRPs that the driver itself has allocated.
bool is_io_managers(const IRP& irp, const char* function) {
  if (owner_of(irp) == nullptr) return false;
  probe::mistake(&irp,
                 "%s(%p): the IRP is the I/O manager's, which frees it: complete it with "
                 "IoCompleteRequest, or let it go past its top; the IRP is left as it is",
                 function, static_cast<const void*>(&irp));
  return true;
}

}  // namespace

void take_irp(IRP& irp, const char* function) {
  require_irp(&irp, function);
  if ((irp.AllocationFlags & kTakenByProvider) != 0) {
    probe::mistake(&irp,
                   "%s: IRP %p still belongs to an earlier request; wait for its completion "
                   "routine, or allocate an IRP for each request",
                   function, static_cast<void*>(&irp));
  }
  next_location(irp, function);
  irp.AllocationFlags |= kTakenByProvider;
}

void set_owner(IRP& irp, IrpOwner& owner) {
  irp.AllocationFlags |= kHasOwner;
  irp.Tail.Overlay.IrpExtension = &owner;
}

PIRP allocate_irp(CCHAR stack_size, const void* allocated_by) {
  if (stack_size < 0) return nullptr;
  const USHORT size_bytes = IoSizeOfIrp(stack_size);
  auto* irp = static_cast<PIRP>(allocate_block({.holding = Holding::kIrp,
                                                .size_bytes = size_bytes,
                                                .tag = 0,
                                                .allocated_by = allocated_by,
                                                .zeroed = false}));
  if (irp != nullptr) initialize(*irp, size_bytes, stack_size);
  return irp;
}

void free_irp(IRP& irp) {
  irp.Type = 0;
  free_block(&irp);
}

}  // namespace wskrun::nt

using namespace wskrun;
using namespace wskrun::nt;

extern "C" {

PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota) {
  (void)ChargeQuota;  // There are no quotas here.
  return allocate_irp(StackSize, __builtin_return_address(0));
}

PIRP IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota) {
  (void)DeviceObject;  // Windows takes from it what only its own storage stack needs.
  (void)ChargeQuota;
  return allocate_irp(StackSize, __builtin_return_address(0));
}

void IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize) {
  if (PacketSize < IoSizeOfIrp(StackSize)) {
    probe::mistake(Irp,
                   "IoInitializeIrp(%p): %u bytes do not hold %d stack locations; pass "
                   "IoSizeOfIrp(StackSize) and provide as much memory",
                   static_cast<void*>(Irp), PacketSize, StackSize);
  }
  initialize(*Irp, PacketSize, StackSize);
}

void IoInitializeIrpEx(PIRP Irp, PDEVICE_OBJECT DeviceObject, USHORT PacketSize, CCHAR StackSize) {
  (void)DeviceObject;
  IoInitializeIrp(Irp, PacketSize, StackSize);
}

// An IRP that the driver initialised holds nothing of the runtime's.
void IoCleanupIrp(PIRP Irp) {
  require_irp(Irp, "IoCleanupIrp");
}

void IoReuseIrp(PIRP Irp, NTSTATUS Iostatus) {
  require_irp(Irp, "IoReuseIrp");
  if (is_io_managers(*Irp, "IoReuseIrp")) return;
  if (in_use_below(*Irp)) {
    probe::mistake(Irp,
                   "IoReuseIrp(%p) while a request still has the IRP: wait for its completion "
                   "routine; the IRP is left as it is",
                   static_cast<void*>(Irp));
    return;
  }
  initialize(*Irp, Irp->Size, Irp->StackCount);
  Irp->IoStatus.Status = Iostatus;
}

void IoFreeIrp(PIRP Irp) {
  require_irp(Irp, "IoFreeIrp");
  if (is_io_managers(*Irp, "IoFreeIrp")) return;
  if (in_use_below(*Irp)) {
    probe::mistake(Irp,
                   "IoFreeIrp(%p) while a request still has the IRP: cancel it and wait for "
                   "its completion routine; the IRP is kept",
                   static_cast<void*>(Irp));
    return;
  }
  require_block(Irp, Holding::kIrp, "IoFreeIrp");
  free_irp(*Irp);
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  require_irp(Irp, "IoCallDriver");
  next_location(*Irp, "IoCallDriver");
  PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);
  location->DeviceObject = DeviceObject;
  Irp->AllocationFlags |= kSentToDriver;
  return upcall("DispatchRoutine",
                DeviceObject->DriverObject->MajorFunction[location->MajorFunction], DeviceObject,
                Irp);
}

void IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost) {
  (void)PriorityBoost;  // Threads have no NT priority here.
  check_completion(*Irp);
  probe::count(probe::Counter::kIrpsCompleted);
  probe::emit({.fact = probe::Fact::kIrpCompleted,
               .subject = Irp,
               .status = Irp->IoStatus.Status,
               .amount = Irp->IoStatus.Information});
  Irp->AllocationFlags &= static_cast<UCHAR>(~(kSentToDriver | kTakenByProvider));
  complete_upwards(*Irp);
}

}  // extern "C"
