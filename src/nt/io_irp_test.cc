// How IRPs travel: made, sent down, completed upwards. Cancelling is in io_cancel_test.cc.
#include "nt/io_irp.h"

#include <gtest/gtest.h>

#include <vector>

#include "kit/covers.h"
#include "nt/ledger.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

using tests::covers;

// What a completion routine saw, and what it answers.
struct Routine {
  NTSTATUS answer = STATUS_MORE_PROCESSING_REQUIRED;
  bool free_irp = false;
  bool mark_pending = false;
  int calls = 0;
  bool pending_returned = false;
  NTSTATUS status = STATUS_UNSUCCESSFUL;
  PDEVICE_OBJECT device = nullptr;
  CHAR location = 0;
};

NTSTATUS on_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context) {
  auto& routine = *static_cast<Routine*>(context);
  ++routine.calls;
  routine.pending_returned = irp->PendingReturned != FALSE;
  routine.status = irp->IoStatus.Status;
  routine.device = device;
  routine.location = irp->CurrentLocation;
  if (routine.mark_pending && irp->PendingReturned) IoMarkIrpPending(irp);
  if (routine.free_irp) IoFreeIrp(irp);
  return routine.answer;
}

void set_routine(PIRP irp, Routine& routine) {
  IoSetCompletionRoutine(irp, on_completion, &routine, TRUE, TRUE, TRUE);
}

void complete(PIRP irp, NTSTATUS status) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
}

std::size_t irps_held() {
  std::size_t count = 0;
  for (const LedgerEntry& entry : ledger_entries()) count += entry.holding == Holding::kIrp;
  return count;
}

// The mistakes reported since it was made.
class MistakeCount {
 public:
  std::uint64_t now() const { return probe::mistakes() - before_; }

 private:
  const std::uint64_t before_ = probe::mistakes();
};

TEST(Irp, IsEmptyAndStandsAboveItsTopWhenAllocated) {
  PIRP irp = IoAllocateIrp(3, FALSE);

  EXPECT_EQ(irp->Type, IO_TYPE_IRP);
  EXPECT_EQ(irp->Size, IoSizeOfIrp(3));
  EXPECT_EQ(irp->StackCount, 3);
  EXPECT_EQ(irp->CurrentLocation, 4);
  EXPECT_EQ(IoGetCurrentIrpStackLocation(irp), reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + 3);
  EXPECT_EQ(irp->MdlAddress, nullptr);
  EXPECT_EQ(IoGetNextIrpStackLocation(irp)->Control, 0);
  EXPECT_TRUE(IsListEmpty(&irp->ThreadListEntry));
  IoFreeIrp(irp);
}

TEST(Irp, IsInTheLedgerUntilItIsFreed) {
  const std::size_t before = irps_held();
  PIRP irp = IoAllocateIrp(1, FALSE);
  EXPECT_EQ(irps_held(), before + 1);
  IoFreeIrp(irp);
  EXPECT_EQ(irps_held(), before);
}

TEST(Irp, CompletesToTheRoutineOfItsOwner) {
  covers("I-011", "I-025");
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");

  complete(irp, STATUS_SUCCESS);

  EXPECT_EQ(owner.calls, 1);
  EXPECT_EQ(owner.status, STATUS_SUCCESS);
  EXPECT_EQ(owner.device, nullptr);
  EXPECT_EQ(owner.location, 2);
  EXPECT_FALSE(owner.pending_returned);
  IoFreeIrp(irp);
}

TEST(Irp, MayBeFreedByItsRoutine) {
  covers("I-012");
  const std::size_t before = irps_held();
  Routine owner;
  owner.free_irp = true;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");

  complete(irp, STATUS_CONNECTION_RESET);

  EXPECT_EQ(owner.status, STATUS_CONNECTION_RESET);
  EXPECT_EQ(irps_held(), before);
}

TEST(Irp, SaysWhetherItWasPending) {
  covers("I-005");
  for (const bool pending : {false, true}) {
    Routine owner;
    PIRP irp = IoAllocateIrp(1, FALSE);
    set_routine(irp, owner);
    take_irp(*irp, "WskTest");
    if (pending) IoMarkIrpPending(irp);

    complete(irp, STATUS_SUCCESS);

    EXPECT_EQ(owner.pending_returned, pending);
    IoFreeIrp(irp);
  }
}

struct InvokeRow {
  NTSTATUS status;
  bool cancelled;
  bool on_success, on_error, on_cancel;
  bool called;
};

constexpr InvokeRow kInvokeRows[] = {
    {STATUS_SUCCESS, false, true, false, false, true},
    {STATUS_SUCCESS, false, false, true, true, false},
    {STATUS_UNSUCCESSFUL, false, false, true, false, true},
    {STATUS_UNSUCCESSFUL, false, true, false, true, false},
    {STATUS_CANCELLED, true, false, false, true, true},
    {STATUS_CANCELLED, true, true, false, false, false},
    {STATUS_CANCELLED, true, false, true, false, true},
    {STATUS_SUCCESS, true, false, false, true, true},
    {STATUS_SUCCESS, false, false, false, false, false},
};

TEST(Irp, RoutineIsCalledAsItsInvokeFlagsSay) {
  covers("I-020");
  for (const InvokeRow& row : kInvokeRows) {
    SCOPED_TRACE(::testing::Message() << "row " << &row - kInvokeRows);
    Routine top;
    Routine middle;
    middle.answer = STATUS_SUCCESS;
    PIRP irp = IoAllocateIrp(2, FALSE);
    set_routine(irp, top);
    take_irp(*irp, "upper");
    IoSetCompletionRoutine(irp, on_completion, &middle, row.on_success, row.on_error,
                           row.on_cancel);
    IoSetNextIrpStackLocation(irp);
    if (row.cancelled) IoCancelIrp(irp);

    complete(irp, row.status);

    EXPECT_EQ(middle.calls, row.called ? 1 : 0);
    EXPECT_EQ(top.calls, 1);
    IoFreeIrp(irp);
  }
}

TEST(Irp, PendingTravelsUpWhereNoRoutineStopsIt) {
  covers("I-015", "I-019");
  for (const bool with_routine : {false, true}) {
    Routine top;
    Routine middle;
    middle.answer = STATUS_SUCCESS;
    middle.mark_pending = true;
    PIRP irp = IoAllocateIrp(2, FALSE);
    set_routine(irp, top);
    IoSetNextIrpStackLocation(irp);
    if (with_routine) set_routine(irp, middle);
    take_irp(*irp, "WskTest");
    IoMarkIrpPending(irp);

    complete(irp, STATUS_SUCCESS);

    EXPECT_EQ(middle.calls, with_routine ? 1 : 0);
    EXPECT_TRUE(top.pending_returned);
    IoFreeIrp(irp);
  }
}

TEST(Irp, MoreProcessingStopsItUntilItIsCompletedAgain) {
  covers("I-016", "I-017");
  Routine top;
  Routine middle;
  DEVICE_OBJECT device = {};
  PIRP irp = IoAllocateIrp(2, FALSE);
  set_routine(irp, top);
  IoSetNextIrpStackLocation(irp);
  IoGetCurrentIrpStackLocation(irp)->DeviceObject = &device;
  set_routine(irp, middle);
  take_irp(*irp, "WskTest");

  complete(irp, STATUS_SUCCESS);
  EXPECT_EQ(middle.calls, 1);
  EXPECT_EQ(middle.device, &device);
  EXPECT_EQ(top.calls, 0);

  complete(irp, STATUS_DEVICE_NOT_READY);
  EXPECT_EQ(middle.calls, 1);
  EXPECT_EQ(top.calls, 1);
  EXPECT_EQ(top.status, STATUS_DEVICE_NOT_READY);
  IoFreeIrp(irp);
}

TEST(Irp, IsReusedWithoutItsRoutine) {
  covers("I-013");
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  complete(irp, STATUS_SUCCESS);

  IoReuseIrp(irp, STATUS_UNSUCCESSFUL);

  EXPECT_EQ(irp->IoStatus.Status, STATUS_UNSUCCESSFUL);
  EXPECT_EQ(irp->CurrentLocation, 2);
  EXPECT_EQ(IoGetNextIrpStackLocation(irp)->CompletionRoutine, nullptr);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  complete(irp, STATUS_SUCCESS);
  EXPECT_EQ(owner.calls, 2);
  IoFreeIrp(irp);
}

TEST(Irp, LivesInMemoryOfTheDriver) {
  struct {
    IRP irp;
    IO_STACK_LOCATION location;
  } embedded;
  Routine owner;
  IoInitializeIrp(&embedded.irp, sizeof embedded, 1);
  set_routine(&embedded.irp, owner);
  take_irp(embedded.irp, "WskTest");

  complete(&embedded.irp, STATUS_SUCCESS);

  EXPECT_EQ(owner.calls, 1);
}

NTSTATUS dispatch_done(PDEVICE_OBJECT device, PIRP irp) {
  EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->DeviceObject, device);
  complete(irp, STATUS_BUFFER_OVERFLOW);
  return STATUS_BUFFER_OVERFLOW;
}

TEST(Irp, GoesToTheDispatchRoutineOfTheDeviceItIsSentTo) {
  DRIVER_OBJECT driver = {};
  driver.MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_done;
  DEVICE_OBJECT device = {};
  device.DriverObject = &driver;
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
  set_routine(irp, owner);

  EXPECT_EQ(IoCallDriver(&device, irp), STATUS_BUFFER_OVERFLOW);

  EXPECT_EQ(owner.calls, 1);
  EXPECT_EQ(owner.status, STATUS_BUFFER_OVERFLOW);
  IoFreeIrp(irp);
}

TEST(Irp, ComesBackWhenForwardedSynchronously) {
  DRIVER_OBJECT driver = {};
  driver.MajorFunction[IRP_MJ_READ] = dispatch_done;
  DEVICE_OBJECT device = {};
  device.DriverObject = &driver;
  Routine top;
  PIRP irp = IoAllocateIrp(2, FALSE);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  set_routine(irp, top);
  IoSetNextIrpStackLocation(irp);

  EXPECT_TRUE(IoForwardIrpSynchronously(&device, irp));

  EXPECT_EQ(irp->IoStatus.Status, STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(top.calls, 0);
  complete(irp, STATUS_SUCCESS);
  EXPECT_EQ(top.calls, 1);
  IoFreeIrp(irp);
}

TEST(Irp, IsKeptWhenFreedOrReusedInFlight) {
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  const MistakeCount mistakes;

  IoFreeIrp(irp);
  EXPECT_EQ(mistakes.now(), 1u);
  IoReuseIrp(irp, STATUS_SUCCESS);
  EXPECT_EQ(mistakes.now(), 2u);

  complete(irp, STATUS_SUCCESS);
  EXPECT_EQ(owner.calls, 1);
  IoFreeIrp(irp);
  EXPECT_EQ(mistakes.now(), 2u);
}

TEST(Irp, MayHaveALocationForItsOwner) {
  Routine owner;
  PIRP irp = IoAllocateIrp(2, FALSE);
  IoSetNextIrpStackLocation(irp);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  complete(irp, STATUS_SUCCESS);
  const MistakeCount mistakes;

  IoFreeIrp(irp);

  EXPECT_EQ(owner.calls, 1);
  EXPECT_EQ(mistakes.now(), 0u);
}

TEST(Irp, PastItsTopIsReported) {
  for (const bool with_routine : {false, true}) {
    Routine owner;
    owner.answer = STATUS_SUCCESS;
    PIRP irp = IoAllocateIrp(1, FALSE);
    if (with_routine) set_routine(irp, owner);
    take_irp(*irp, "WskTest");
    const MistakeCount mistakes;

    complete(irp, STATUS_SUCCESS);

    EXPECT_EQ(mistakes.now(), 1u);
    IoFreeIrp(irp);
  }
}

// The routine has freed the IRP although it did not keep it: under the address sanitizer this
// shows that nobody looks at it afterwards.
TEST(Irp, IsNotTouchedAfterItsLastRoutine) {
  Routine owner;
  owner.answer = STATUS_SUCCESS;
  owner.free_irp = true;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");

  complete(irp, STATUS_SUCCESS);

  EXPECT_EQ(owner.calls, 1);
}

TEST(Irp, CompletedWithStatusPendingIsReported) {
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  const MistakeCount mistakes;

  complete(irp, STATUS_PENDING);

  EXPECT_EQ(mistakes.now(), 1u);
  IoFreeIrp(irp);
}

TEST(IrpDeathTest, CompletedTwiceStops) {
  Routine owner;
  PIRP irp = IoAllocateIrp(1, FALSE);
  set_routine(irp, owner);
  take_irp(*irp, "WskTest");
  complete(irp, STATUS_SUCCESS);

  EXPECT_DEATH(complete(irp, STATUS_SUCCESS), "complete already");
  IoFreeIrp(irp);
}

TEST(IrpDeathTest, WithoutAFreeLocationStops) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  take_irp(*irp, "WskTest");
  EXPECT_DEATH(take_irp(*irp, "WskOther"), "no stack location left");
  complete(irp, STATUS_SUCCESS);
  IoFreeIrp(irp);
}

#if !defined(__SANITIZE_ADDRESS__)  // Which stops at once, with more to say.
TEST(IrpDeathTest, FreedTwiceStops) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  IoFreeIrp(irp);
  EXPECT_DEATH(IoFreeIrp(irp), "IoFreeIrp");
}
#endif

TEST(IrpDeathTest, InMemoryOfTheDriverIsNotFreed) {
  struct {
    char before[64];
    IRP irp;
    IO_STACK_LOCATION location;
  } embedded = {};
  IoInitializeIrp(&embedded.irp, IoSizeOfIrp(1), 1);
  EXPECT_DEATH(IoFreeIrp(&embedded.irp), "no such memory was allocated");
}

}  // namespace
}  // namespace wskrun::nt
