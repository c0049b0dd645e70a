// Opening and closing files. The FILE_OBJECT outlives the handle as long as a driver refers to it;
// with its last reference IRP_MJ_CLOSE goes to the device.
#include "nt/io_file.h"

#include <string>

#include "nt/ex_work_queue.h"
#include "nt/io_device.h"
#include "nt/io_name.h"
#include "nt/irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_string.h"

namespace wskrun::nt {
namespace {

// A FILE_OBJECT and what goes with it.
struct FileBody {
  FILE_OBJECT object = {};
  std::u16string name;
  bool is_open = false;  // The driver was asked and agreed, so it gets IRP_MJ_CLOSE.
  WORK_QUEUE_ITEM late_close = {};
};

NTSTATUS send_and_wait(FILE_OBJECT& file, const IoCall& call) {
  UserRequest request(file, call);
  request.send(nullptr);
  request.wait(nullptr);
  return request.status();
}

void close_file(void* context) {
  auto& body = *static_cast<FileBody*>(context);
  if (body.is_open) send_and_wait(body.object, {.major = IRP_MJ_CLOSE});
  const PDEVICE_OBJECT device = body.object.DeviceObject;
  end_open(*device);
  dereference_object(device);
  delete ObjectBox<FileBody>::of(&body);
}

// The last reference is gone. IRP_MJ_CLOSE is for PASSIVE_LEVEL.
void destroy_file(void* body) {
  if (current_irql() == PASSIVE_LEVEL) return close_file(body);
  auto& item = static_cast<FileBody*>(body)->late_close;
  ExInitializeWorkItem(&item, close_file, body);
  queue_work_item(item);
}

_OBJECT_TYPE file_type{"File", destroy_file};
POBJECT_TYPE file_type_pointer = &file_type;

// Takes over the reference to the device.
FileBody& make_file(FoundDevice& found) {
  auto* box = new ObjectBox<FileBody>(&file_type);
  FileBody& body = box->body;
  body.name = std::move(found.rest);
  FILE_OBJECT& file = body.object;
  file.Type = IO_TYPE_FILE;
  file.Size = sizeof(FILE_OBJECT);
  file.DeviceObject = found.device;
  file.ReadAccess = file.WriteAccess = TRUE;
  file.SharedRead = file.SharedWrite = file.SharedDelete = TRUE;
  const auto size_bytes = static_cast<USHORT>(body.name.size() * sizeof(char16_t));
  file.FileName = {size_bytes, size_bytes, size_bytes == 0 ? nullptr : body.name.data()};
  KeInitializeEvent(&file.Lock, SynchronizationEvent, FALSE);
  KeInitializeEvent(&file.Event, NotificationEvent, FALSE);
  InitializeListHead(&file.IrpList);
  return body;
}

}  // namespace

OpenFile::OpenFile(PFILE_OBJECT object) : object_(object) {
  ExInitializeRundownProtection(&requests_out_);
}

NTSTATUS OpenFile::open(std::u16string_view path, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                        std::unique_ptr<OpenFile>& file) {
  FoundDevice found;
  NTSTATUS status = find_device(path, found);
  if (!NT_SUCCESS(status)) return status;
  status = begin_open(*found.device, desired, mode);
  if (!NT_SUCCESS(status)) {
    dereference_object(found.device);
    return status;
  }
  FileBody& body = make_file(found);
  IO_SECURITY_CONTEXT security = {.DesiredAccess = desired,
                                  .FullCreateOptions = ULONG{FILE_OPEN} << 24};
  status =
      send_and_wait(body.object, {.major = IRP_MJ_CREATE, .security = &security, .mode = mode});
  if (!NT_SUCCESS(status)) {
    dereference_object(&body);
    return status;
  }
  body.is_open = true;
  body.object.Flags |= FO_HANDLE_CREATED;
  file.reset(new OpenFile(&body.object));
  return STATUS_SUCCESS;
}

OpenFile::~OpenFile() {
  cancel_all();
  send_and_wait(*object_, {.major = IRP_MJ_CLEANUP});
  object_->Flags |= FO_CLEANUP_COMPLETE;
  ExWaitForRundownProtectionRelease(&requests_out_);
  dereference_object(object_);
}

std::shared_ptr<UserRequest> OpenFile::start(const IoCall& call) {
  auto request = std::make_shared<UserRequest>(*object_, call);
  {
    base::MutexLock lock(mutex_);
    std::erase_if(requests_, [](const auto& other) { return other.expired(); });
    requests_.push_back(request);
  }
  ExAcquireRundownProtection(&requests_out_);
  request->send(&requests_out_);
  return request;
}

// What completes in the meantime is cancelled without effect.
void OpenFile::cancel_all() {
  std::vector<std::shared_ptr<UserRequest>> alive;
  {
    base::MutexLock lock(mutex_);
    for (const auto& request : requests_) alive.push_back(request.lock());
  }
  for (const auto& request : alive) {
    if (request != nullptr) request->cancel();
  }
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

POBJECT_TYPE* IoFileObjectType = &file_type_pointer;

// The handle is closed again; the reference to the file keeps the device open.
NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                  PFILE_OBJECT* FileObject, PDEVICE_OBJECT* DeviceObject) {
  require_irql_at_most(PASSIVE_LEVEL, "IoGetDeviceObjectPointer");
  const std::u16string_view path = view_of(*ObjectName);
  if (!path.starts_with(u'\\')) return STATUS_OBJECT_PATH_SYNTAX_BAD;
  std::unique_ptr<OpenFile> handle;
  const NTSTATUS status = OpenFile::open(path, DesiredAccess, KernelMode, handle);
  if (!NT_SUCCESS(status)) return status;
  *FileObject = &handle->object();
  reference_object(*FileObject);
  *DeviceObject = IoGetRelatedDeviceObject(*FileObject);
  return STATUS_SUCCESS;
}

}  // extern "C"
