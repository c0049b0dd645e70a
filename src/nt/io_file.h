// OpenFile: what a program's handle on a device stands for: a FILE_OBJECT with its IRP_MJ_CREATE,
// CLEANUP and CLOSE, and the requests made on it. io_user_request.h has the requests.
#pragma once

#include <wdm.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "nt/io_user_request.h"

namespace wskrun::nt {

class OpenFile {
 public:
  // Opens the device that `path` leads to, at PASSIVE_LEVEL; waits for the driver. `mode` is who
  // opens it. What the driver answers to IRP_MJ_CREATE, STATUS_OBJECT_NAME_NOT_FOUND, or as
  // begin_open().
  static NTSTATUS open(std::u16string_view path, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                       std::unique_ptr<OpenFile>& file);
  // Cancels what pends, sends IRP_MJ_CLEANUP, and waits until the driver has completed everything;
  // then IRP_MJ_CLOSE goes out, unless the driver holds a reference to the FILE_OBJECT.
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  FILE_OBJECT& object() const { return *object_; }

  // Never nullptr. Not while the file is being closed.
  std::shared_ptr<UserRequest> start(const IoCall& call);

 private:
  explicit OpenFile(PFILE_OBJECT object);

  void cancel_all();

  const PFILE_OBJECT object_;  // With a reference.
  EX_RUNDOWN_REF requests_out_;
  base::Mutex mutex_;
  std::vector<std::weak_ptr<UserRequest>> requests_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::nt
