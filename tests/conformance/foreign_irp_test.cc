// IRPs that a program begins and that a driver hands on to WSK: down from a dispatch routine with
// the program's buffer, and up again through the driver's stack location to the program.
#include <string>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

// How the driver hands its IRP on.
enum class Way {
  kSkip,      // Its own stack location, without a completion routine.
  kCopy,      // The next one, with a routine that lets completion go on.
  kTakeBack,  // The same, but the routine keeps the IRP and completes it itself.
};

// A driver whose device reads from, and writes to, a socket.
struct SocketDevice {
  Way way;
  const Connection* connection;
  PDEVICE_OBJECT device = nullptr;
  EventLog log;
  int reads = 0;      // That have been handed to WSK.
  int routines = 0;   // Calls of the completion routine.
  std::string files;  // What came of CREATE, CLEANUP and CLOSE.
};
SocketDevice* the_device = nullptr;

NTSTATUS complete(PIRP irp, NTSTATUS status) {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

extern "C" NTSTATUS NTAPI note_file(PDEVICE_OBJECT, PIRP irp) {
  const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
  const char* name = major == IRP_MJ_CREATE  ? "create "
                     : major == IRP_MJ_CLOSE ? "close "
                                             : "cleanup ";
  the_device->log.note([&] { the_device->files += name; });
  return complete(irp, STATUS_SUCCESS);
}

extern "C" NTSTATUS NTAPI let_go_on(PDEVICE_OBJECT, PIRP, PVOID) {
  the_device->log.note([] { ++the_device->routines; });
  return STATUS_CONTINUE_COMPLETION;  // The IRP was marked pending by the dispatch routine.
}

extern "C" NTSTATUS NTAPI take_back(PDEVICE_OBJECT, PIRP irp, PVOID) {
  the_device->log.note([] { ++the_device->routines; });
  IoCompleteRequest(irp, IO_NETWORK_INCREMENT);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

// WSK gets the next stack location.
void prepare_for_wsk(PIRP irp) {
  if (the_device->way == Way::kSkip) return IoSkipCurrentIrpStackLocation(irp);
  IoMarkIrpPending(irp);
  IoCopyCurrentIrpStackLocationToNext(irp);
  IoSetCompletionRoutine(irp, the_device->way == Way::kCopy ? let_go_on : take_back, nullptr, TRUE,
                         TRUE, TRUE);
}

NTSTATUS answer(NTSTATUS from_wsk) {
  return the_device->way == Way::kSkip ? from_wsk : STATUS_PENDING;
}

extern "C" NTSTATUS NTAPI read_socket(PDEVICE_OBJECT, PIRP irp) {
  const WSK_BUF buffer = {irp->MdlAddress, 0,
                          IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length};
  prepare_for_wsk(irp);
  const NTSTATUS status = the_device->connection->receive(buffer, WSK_FLAG_WAITALL, irp);
  the_device->log.note([] { ++the_device->reads; });
  return answer(status);
}

extern "C" NTSTATUS NTAPI write_socket(PDEVICE_OBJECT, PIRP irp) {
  const WSK_BUF buffer = {irp->MdlAddress, 0,
                          IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length};
  prepare_for_wsk(irp);
  return answer(the_device->connection->send(buffer, 0, irp));
}

extern "C" VOID NTAPI unload(PDRIVER_OBJECT driver) {
  UNICODE_STRING link = RTL_CONSTANT_STRING(u"\\??\\SocketDevice");
  IoDeleteSymbolicLink(&link);
  IoDeleteDevice(driver->DeviceObject);
}

extern "C" NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\Device\\SocketDevice");
  UNICODE_STRING link = RTL_CONSTANT_STRING(u"\\DosDevices\\SocketDevice");
  PDEVICE_OBJECT device = nullptr;
  const NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  device->Flags |= DO_DIRECT_IO;
  if (the_device->way != Way::kSkip) device->StackSize = 2;
  driver->MajorFunction[IRP_MJ_CREATE] = note_file;
  driver->MajorFunction[IRP_MJ_CLEANUP] = note_file;
  driver->MajorFunction[IRP_MJ_CLOSE] = note_file;
  driver->MajorFunction[IRP_MJ_READ] = read_socket;
  driver->MajorFunction[IRP_MJ_WRITE] = write_socket;
  driver->DriverUnload = unload;
  the_device->device = device;
  return IoCreateSymbolicLink(&link, &name);
}

struct Ended {
  int32_t status;
  std::size_t information;
  bool operator==(const Ended&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Ended& ended) {
    return out << std::hex << ended.status << ", " << std::dec << ended.information;
  }
};

Ended end(wskrun_request* request) {
  Ended ended{};
  ended.status = wskrun_request_end(request, &ended.information);
  return ended;
}

constexpr Way kWays[] = {Way::kSkip, Way::kCopy, Way::kTakeBack};

class ForeignIrps : public ConformanceTest {
 protected:
  // Runs `test` with a driver that hands its IRPs on in each of the ways.
  template <typename Test>
  void in_each_way(const Test& test) {
    for (const Way way : kWays) {
      SCOPED_TRACE(::testing::Message() << "way " << static_cast<int>(way));
      auto [connection, peer] = connect_pair();
      SocketDevice device{.way = way, .connection = &connection};
      the_device = &device;
      load();
      test(peer);
      wskrun_device_close(std::exchange(handle_, nullptr));
      EXPECT_EQ(device.files, "create cleanup close ");
      EXPECT_EQ(wskrun_driver_unload(driver_, nullptr, &error_), WSKRUN_OK) << error_.text;
      the_device = nullptr;
    }
  }

  wskrun_device* handle_ = nullptr;

 private:
  void load() {
    wskrun_image image{};
    image.size = sizeof image;
    image.entry = entry;
    image.name = "socket_device";
    driver_ = wskrun_driver_load(runtime(), &image, &error_);
    ASSERT_NE(driver_, nullptr) << error_.text;
    handle_ = wskrun_device_open(runtime(), "\\\\.\\SocketDevice", &error_);
    ASSERT_NE(handle_, nullptr) << error_.text;
  }

  wskrun_driver* driver_ = nullptr;
  wskrun_error error_{};
};
INSTANTIATE_TEST_SUITE_P(, ForeignIrps, ::testing::ValuesIn(kBackends), name_of);

CONFORMANCE_TEST(ForeignIrps, AReadComesBackToTheProgramWithItsData) {
  covers("I-007", "I-015", "I-016", "I-017", "I-019");
  in_each_way([&](Peer& peer) {
    std::string later(6, '\0'), at_once(3, '\0');
    wskrun_request* read = wskrun_device_read(handle_, later.data(), later.size(), 0);
    EXPECT_EQ(wskrun_request_wait(read, 0), 0);

    peer.send("abcdefghi");
    EXPECT_EQ(end(read), (Ended{STATUS_SUCCESS, 6}));
    EXPECT_EQ(later, "abcdef");

    EXPECT_EQ(end(wskrun_device_read(handle_, at_once.data(), at_once.size(), 0)),
              (Ended{STATUS_SUCCESS, 3}));
    EXPECT_EQ(at_once, "ghi");
    EXPECT_EQ(the_device->routines, the_device->way == Way::kSkip ? 0 : 2);
  });
}

CONFORMANCE_TEST(ForeignIrps, AWriteOfTheProgramIsSent) {
  covers("I-015", "I-019");
  in_each_way([&](Peer& peer) {
    EXPECT_EQ(end(wskrun_device_write(handle_, "to the peer", 11, 0)), (Ended{STATUS_SUCCESS, 11}));
    EXPECT_EQ(peer.receive(11), "to the peer");
  });
}

CONFORMANCE_TEST(ForeignIrps, TheProgramCancelsAReadThatWskHas) {
  covers("I-022", "I-019");
  in_each_way([&](Peer& peer) {
    char buffer[8];
    wskrun_request* read = wskrun_device_read(handle_, buffer, sizeof buffer, 0);
    wskrun_request_cancel(read);
    EXPECT_EQ(end(read), (Ended{STATUS_CANCELLED, 0}));

    // The connection is none the worse.
    peer.send("12345678");
    EXPECT_EQ(end(wskrun_device_read(handle_, buffer, sizeof buffer, 0)),
              (Ended{STATUS_SUCCESS, 8}));
  });
}

CONFORMANCE_TEST(ForeignIrps, ClosingTheHandleCancelsWhatWskHas) {
  covers("I-022");
  in_each_way([&](Peer&) {
    char first[8], second[8];
    wskrun_request* one = wskrun_device_read(handle_, first, sizeof first, 0);
    wskrun_request* other = wskrun_device_read(handle_, second, sizeof second, 0);

    wskrun_device_close(std::exchange(handle_, nullptr));

    EXPECT_NE(wskrun_request_wait(one, 0), 0);
    EXPECT_EQ(end(one), (Ended{STATUS_CANCELLED, 0}));
    EXPECT_EQ(end(other), (Ended{STATUS_CANCELLED, 0}));
  });
}

// The bytes and the cancellation arrive at once: the read ends once, with the one or the other.
CONFORMANCE_TEST(ForeignIrps, CancelAndDataMeet) {
  covers("I-002", "I-022");
  in_each_way([&](Peer& peer) {
    for (int i = 0; i < 50; ++i) {
      char buffer[4] = {};
      wskrun_request* read = wskrun_device_read(handle_, buffer, sizeof buffer, 0);
      peer.send("data");
      wskrun_request_cancel(read);
      const Ended ended = end(read);
      if (ended.status == STATUS_CANCELLED) {
        const std::size_t left = sizeof buffer - ended.information;
        EXPECT_EQ(end(wskrun_device_read(handle_, buffer + ended.information, left, 0)),
                  (Ended{STATUS_SUCCESS, left}));
      } else {
        EXPECT_EQ(ended, (Ended{STATUS_SUCCESS, sizeof buffer}));
      }
      EXPECT_EQ(std::string(buffer, sizeof buffer), "data");
    }
  });
}

}  // namespace
}  // namespace wskrun::tests
