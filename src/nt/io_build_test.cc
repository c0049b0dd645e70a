// IRPs that the I/O manager builds for drivers: what the driver below sees of them, and how they
// come back.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "nt/ledger.h"
#include "nt/ps_thread.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

using Dispatch = std::function<NTSTATUS(PIRP, PIO_STACK_LOCATION)>;

Dispatch* answer = nullptr;

NTSTATUS dispatch(PDEVICE_OBJECT, PIRP irp) {
  return (*answer)(irp, IoGetCurrentIrpStackLocation(irp));
}

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information = 0) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

constexpr ULONG code_of(ULONG method) {
  return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, FILE_ANY_ACCESS);
}

// A device below, whose answers the test gives; and that all is given back.
class BuiltIrps : public ::testing::Test {
 protected:
  BuiltIrps() : held_before_(ledger_entries().size()) {
    for (PDRIVER_DISPATCH& function : driver_.MajorFunction) function = dispatch;
    device_.DriverObject = &driver_;
    device_.StackSize = 2;
    KeInitializeEvent(&event_, NotificationEvent, FALSE);
    answer = &on_request_;
  }
  ~BuiltIrps() override {
    answer = nullptr;
    EXPECT_EQ(ledger_entries().size(), held_before_);
  }

  PIRP control(ULONG code, void* input, ULONG input_bytes, void* output, ULONG output_bytes) {
    return IoBuildDeviceIoControlRequest(code, &device_, input, input_bytes, output, output_bytes,
                                         FALSE, &event_, &status_);
  }
  PIRP synchronous(ULONG major, void* buffer, ULONG length, LONGLONG offset) {
    LARGE_INTEGER at = {.QuadPart = offset};
    return IoBuildSynchronousFsdRequest(major, &device_, buffer, length, &at, &event_, &status_);
  }
  PIRP asynchronous(ULONG major, void* buffer, ULONG length) {
    LARGE_INTEGER at = {.QuadPart = 5};
    return IoBuildAsynchronousFsdRequest(major, &device_, buffer, length, &at, &status_);
  }
  bool is_signalled() const { return KeReadStateEvent(const_cast<PKEVENT>(&event_)) != 0; }

  DRIVER_OBJECT driver_ = {};
  DEVICE_OBJECT device_ = {};
  KEVENT event_ = {};
  IO_STATUS_BLOCK status_ = {};
  Dispatch on_request_;

 private:
  const std::size_t held_before_;
};

TEST_F(BuiltIrps, AControlRequestIsOfThisThreadAndOfTheKernel) {
  on_request_ = [&](PIRP irp, PIO_STACK_LOCATION location) {
    EXPECT_EQ(location->MajorFunction, IRP_MJ_DEVICE_CONTROL);
    EXPECT_EQ(irp->RequestorMode, KernelMode);
    EXPECT_EQ(irp->StackCount, 2);
    EXPECT_EQ(irp->Tail.Overlay.Thread, PsGetCurrentThread());
    EXPECT_EQ(IoGetRequestorProcess(irp), PsGetCurrentProcess());
    EXPECT_EQ(location->Parameters.DeviceIoControl.IoControlCode, code_of(METHOD_BUFFERED));
    EXPECT_EQ(location->Parameters.DeviceIoControl.InputBufferLength, 2u);
    EXPECT_EQ(location->Parameters.DeviceIoControl.OutputBufferLength, 4u);
    std::memcpy(static_cast<char*>(irp->AssociatedIrp.SystemBuffer) + 2, "cd", 2);
    EXPECT_FALSE(is_signalled());
    return complete(irp, STATUS_SUCCESS, 4);
  };
  char input[] = "ab", output[] = "....";
  const PIRP irp = control(code_of(METHOD_BUFFERED), input, 2, output, 4);
  EXPECT_EQ(IoCallDriver(&device_, irp), STATUS_SUCCESS);
  EXPECT_STREQ(output, "abcd");
  EXPECT_TRUE(is_signalled());
  EXPECT_EQ(status_.Status, STATUS_SUCCESS);
  EXPECT_EQ(status_.Information, 4u);
}

TEST_F(BuiltIrps, AnInternalOneHasItsOwnMajorFunction) {
  on_request_ = [](PIRP irp, PIO_STACK_LOCATION location) {
    EXPECT_EQ(location->MajorFunction, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    return complete(irp, STATUS_NOT_SUPPORTED);
  };
  const PIRP irp = IoBuildDeviceIoControlRequest(code_of(METHOD_NEITHER), &device_, nullptr, 0,
                                                 nullptr, 0, TRUE, &event_, &status_);
  EXPECT_EQ(IoCallDriver(&device_, irp), STATUS_NOT_SUPPORTED);
  EXPECT_TRUE(is_signalled());
  EXPECT_EQ(status_.Status, STATUS_NOT_SUPPORTED);
}

TEST_F(BuiltIrps, ADirectControlRequestHasAnMdl) {
  on_request_ = [](PIRP irp, PIO_STACK_LOCATION) {
    EXPECT_EQ(std::string(static_cast<char*>(irp->AssociatedIrp.SystemBuffer), 2), "in");
    EXPECT_NE(irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED, 0);
    std::memcpy(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), "out", 3);
    return complete(irp, STATUS_SUCCESS, 3);
  };
  char input[] = "in", output[] = "...";
  IoCallDriver(&device_, control(code_of(METHOD_OUT_DIRECT), input, 2, output, 3));
  EXPECT_STREQ(output, "out");
}

TEST_F(BuiltIrps, ANeitherControlRequestHasThePointers) {
  char input[] = "in", output[] = "...";
  on_request_ = [&](PIRP irp, PIO_STACK_LOCATION location) {
    EXPECT_EQ(location->Parameters.DeviceIoControl.Type3InputBuffer, input);
    EXPECT_EQ(irp->UserBuffer, output);
    return complete(irp, STATUS_SUCCESS);
  };
  IoCallDriver(&device_, control(code_of(METHOD_NEITHER), input, 2, output, 3));
}

TEST_F(BuiltIrps, AreNotBuiltOnBuffersThatAreNotThere) {
  auto* nowhere = reinterpret_cast<void*>(16);
  EXPECT_EQ(control(code_of(METHOD_BUFFERED), nowhere, 2, nullptr, 0), nullptr);
  EXPECT_EQ(control(code_of(METHOD_OUT_DIRECT), nullptr, 0, nowhere, 2), nullptr);
}

TEST_F(BuiltIrps, APendingOneIsWaitedForByItsEvent) {
  PIRP kept = nullptr;
  on_request_ = [&](PIRP irp, PIO_STACK_LOCATION) {
    kept = irp;
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
  };
  char output[] = "....";
  EXPECT_EQ(IoCallDriver(&device_, control(code_of(METHOD_BUFFERED), nullptr, 0, output, 4)),
            STATUS_PENDING);
  EXPECT_FALSE(is_signalled());
  std::memcpy(kept->AssociatedIrp.SystemBuffer, "late", 4);
  KIRQL irql;
  KeRaiseIrql(DISPATCH_LEVEL, &irql);
  complete(kept, STATUS_SUCCESS, 4);
  KeLowerIrql(irql);
  EXPECT_TRUE(is_signalled());
  EXPECT_STREQ(output, "late");
}

struct Kept {
  PIRP irp = nullptr;
};

NTSTATUS keep(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  static_cast<Kept*>(context)->irp = irp;
  return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST_F(BuiltIrps, ACompletionRoutineMayKeepOneForAWhile) {
  on_request_ = [](PIRP irp, PIO_STACK_LOCATION) { return complete(irp, STATUS_SUCCESS, 7); };
  Kept kept;
  const PIRP irp = control(code_of(METHOD_NEITHER), nullptr, 0, nullptr, 0);
  IoSetCompletionRoutine(irp, keep, &kept, TRUE, TRUE, TRUE);
  IoCallDriver(&device_, irp);
  EXPECT_EQ(kept.irp, irp);
  EXPECT_FALSE(is_signalled());
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  EXPECT_TRUE(is_signalled());
  EXPECT_EQ(status_.Information, 7u);
}

TEST_F(BuiltIrps, AreNotTheDriversToFreeOrReuse) {
  const PIRP irp = control(code_of(METHOD_NEITHER), nullptr, 0, nullptr, 0);
  const std::uint64_t before = probe::mistakes();
  IoFreeIrp(irp);
  EXPECT_EQ(probe::mistakes(), before + 1);
  IoReuseIrp(irp, STATUS_SUCCESS);
  EXPECT_EQ(probe::mistakes(), before + 2);
  complete(irp, STATUS_CANCELLED);  // How one that was never sent is given up.
  EXPECT_TRUE(is_signalled());
}

TEST_F(BuiltIrps, AnUnsentOneIsListedAsHeld) {
  const PIRP irp = control(code_of(METHOD_NEITHER), nullptr, 0, nullptr, 0);
  std::size_t irps = 0;
  for (const LedgerEntry& entry : ledger_entries()) irps += entry.holding == Holding::kIrp;
  EXPECT_EQ(irps, 1u);
  complete(irp, STATUS_CANCELLED);
}

TEST_F(BuiltIrps, ReadsAndWritesGoTheDevicesWay) {
  struct Row {
    ULONG flags;
    const char* way;
  };
  char buffer[] = "....";
  std::string way;
  for (const Row& row :
       {Row{DO_BUFFERED_IO, "buffered"}, Row{DO_DIRECT_IO, "direct"}, Row{0, "neither"}}) {
    device_.Flags = row.flags;
    on_request_ = [&](PIRP irp, PIO_STACK_LOCATION location) {
      EXPECT_EQ(location->MajorFunction, IRP_MJ_READ);
      EXPECT_EQ(location->Parameters.Read.Length, 4u);
      EXPECT_EQ(location->Parameters.Read.ByteOffset.QuadPart, 1LL << 40);
      void* to = irp->UserBuffer;
      way = "neither";
      if (irp->MdlAddress != nullptr) {
        to = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
        way = "direct";
      } else if (irp->AssociatedIrp.SystemBuffer != nullptr) {
        to = irp->AssociatedIrp.SystemBuffer;
        way = "buffered";
      }
      std::memcpy(to, "read", 4);
      return complete(irp, STATUS_SUCCESS, 4);
    };
    std::memset(buffer, '.', 4);
    KeClearEvent(&event_);
    IoCallDriver(&device_, synchronous(IRP_MJ_READ, buffer, 4, 1LL << 40));
    EXPECT_EQ(way, row.way);
    EXPECT_STREQ(buffer, "read");
    EXPECT_TRUE(is_signalled());
  }
}

TEST_F(BuiltIrps, AWriteCarriesItsBytes) {
  device_.Flags = DO_BUFFERED_IO;
  std::string written;
  on_request_ = [&](PIRP irp, PIO_STACK_LOCATION location) {
    EXPECT_EQ(location->MajorFunction, IRP_MJ_WRITE);
    EXPECT_EQ(location->Parameters.Write.ByteOffset.QuadPart, 3);
    written.assign(static_cast<char*>(irp->AssociatedIrp.SystemBuffer),
                   location->Parameters.Write.Length);
    return complete(irp, STATUS_SUCCESS, written.size());
  };
  char buffer[] = "hello";
  IoCallDriver(&device_, synchronous(IRP_MJ_WRITE, buffer, 5, 3));
  EXPECT_EQ(written, "hello");
  EXPECT_EQ(status_.Information, 5u);
}

TEST_F(BuiltIrps, AFlushHasNoBuffer) {
  device_.Flags = DO_BUFFERED_IO;
  on_request_ = [](PIRP irp, PIO_STACK_LOCATION location) {
    EXPECT_EQ(location->MajorFunction, IRP_MJ_FLUSH_BUFFERS);
    EXPECT_EQ(irp->AssociatedIrp.SystemBuffer, nullptr);
    EXPECT_EQ(irp->MdlAddress, nullptr);
    return complete(irp, STATUS_SUCCESS);
  };
  IoCallDriver(&device_, IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, &device_, nullptr, 0,
                                                      nullptr, &event_, &status_));
  EXPECT_TRUE(is_signalled());
}

// As Microsoft's page frees an asynchronous request.
NTSTATUS free_all(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  if ((irp->Flags & IRP_DEALLOCATE_BUFFER) != 0) {
    std::memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
    ExFreePool(irp->AssociatedIrp.SystemBuffer);
  }
  if (irp->MdlAddress != nullptr) {
    MmUnlockPages(irp->MdlAddress);
    IoFreeMdl(irp->MdlAddress);
  }
  IoFreeIrp(irp);
  *static_cast<bool*>(context) = true;
  return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST_F(BuiltIrps, AnAsynchronousOneIsTheDriversToFree) {
  for (const ULONG flags : {DO_BUFFERED_IO, DO_DIRECT_IO}) {
    device_.Flags = flags;
    on_request_ = [](PIRP irp, PIO_STACK_LOCATION location) {
      EXPECT_EQ(location->Parameters.Read.ByteOffset.QuadPart, 5);
      void* to = irp->MdlAddress == nullptr
                     ? irp->AssociatedIrp.SystemBuffer
                     : MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
      std::memcpy(to, "read", 4);
      return complete(irp, STATUS_SUCCESS, 4);
    };
    char buffer[] = "....";
    bool is_freed = false;
    const std::uint64_t before = probe::mistakes();
    const PIRP irp = asynchronous(IRP_MJ_READ, buffer, 4);
    IoSetCompletionRoutine(irp, free_all, &is_freed, TRUE, TRUE, TRUE);
    IoCallDriver(&device_, irp);
    EXPECT_TRUE(is_freed);
    EXPECT_STREQ(buffer, "read");
    EXPECT_EQ(probe::mistakes(), before);
  }
}

TEST_F(BuiltIrps, AnAsynchronousWriteCarriesItsBytes) {
  std::string written;
  char buffer[] = "hello";
  on_request_ = [&](PIRP irp, PIO_STACK_LOCATION location) {
    written.assign(static_cast<char*>(irp->UserBuffer), location->Parameters.Write.Length);
    return complete(irp, STATUS_SUCCESS);
  };
  bool is_freed = false;
  const PIRP irp = asynchronous(IRP_MJ_WRITE, buffer, 5);
  IoSetCompletionRoutine(irp, free_all, &is_freed, TRUE, TRUE, TRUE);
  IoCallDriver(&device_, irp);
  EXPECT_EQ(written, "hello");
}

TEST(RequestorProcess, IsThatOfTheIrpsThread) {
  const PIRP irp = IoAllocateIrp(1, FALSE);
  EXPECT_EQ(IoGetRequestorProcess(irp), nullptr);
  irp->Tail.Overlay.Thread = PsGetCurrentThread();
  EXPECT_EQ(IoGetRequestorProcess(irp), PsGetCurrentProcess());
  IoFreeIrp(irp);
}

}  // namespace
}  // namespace wskrun::nt
