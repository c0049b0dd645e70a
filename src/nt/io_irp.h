// What a provider inside the runtime needs of an IRP beyond the WDK's functions. The WDK's own are
// in io_irp.cc (allocate, send, complete) and io_cancel.cc (cancel).
#pragma once

#include <wdm.h>

namespace wskrun::nt {

// A provider that the driver calls directly, without IofCallDriver, takes the IRP: the next stack
// location becomes the current one, empty but for the driver's completion routine, and until
// IofCompleteRequest the IRP is the provider's, so freeing or reusing it is reported. No location
// left is the bugcheck NO_MORE_IRP_STACK_LOCATIONS. `function` is what the driver called.
void take_irp(IRP& irp, const char* function);

// Whose IRP it is when it comes past its top, where a driver's own IRP never comes: the I/O
// manager's, which made it.
class IrpOwner {
 public:
  // Completed. At IRQL <= DISPATCH_LEVEL, in any thread; afterwards nothing touches the IRP.
  virtual void take_back(IRP& irp) = 0;

 protected:
  ~IrpOwner() = default;
};

// Before the IRP is sent.
void set_owner(IRP& irp, IrpOwner& owner);

// IoAllocateIrp and IoFreeIrp without the checks, for the I/O manager itself. `allocated_by` is
// where in the driver the IRP was asked for. nullptr: there is no memory.
PIRP allocate_irp(CCHAR stack_size, const void* allocated_by);
void free_irp(IRP& irp);

// IoCancelIrp was called for the IRP. Read it after IoSetCancelRoutine, as Windows drivers do:
// one of the two sees the other.
inline bool irp_cancelled(const IRP& irp) {
  return __atomic_load_n(&irp.Cancel, __ATOMIC_RELAXED) != FALSE;
}

}  // namespace wskrun::nt
