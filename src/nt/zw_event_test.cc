// Events by their handles.
#include <gtest/gtest.h>

#include "nt/test_threads.h"

namespace wskrun::nt {
namespace {

HANDLE create(EVENT_TYPE type, BOOLEAN state) {
  HANDLE handle = nullptr;
  EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, type, state), STATUS_SUCCESS);
  return handle;
}

NTSTATUS poll_handle(HANDLE handle) {
  LARGE_INTEGER now = in_ms(0);
  return ZwWaitForSingleObject(handle, FALSE, &now);
}

TEST(ZwEvent, IsSetAndWaitedForByItsHandle) {
  const HANDLE handle = create(SynchronizationEvent, FALSE);
  EXPECT_EQ(poll_handle(handle), STATUS_TIMEOUT);
  LONG before = 99;
  EXPECT_EQ(ZwSetEvent(handle, &before), STATUS_SUCCESS);
  EXPECT_EQ(before, 0);
  EXPECT_EQ(ZwSetEvent(handle, &before), STATUS_SUCCESS);
  EXPECT_NE(before, 0);
  EXPECT_EQ(poll_handle(handle), STATUS_SUCCESS);
  EXPECT_EQ(poll_handle(handle), STATUS_TIMEOUT);  // It ended one wait.
  EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
}

TEST(ZwEvent, TheObjectOutlivesItsHandle) {
  const HANDLE handle = create(NotificationEvent, TRUE);
  PVOID event = nullptr;
  EXPECT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExEventObjectType, KernelMode, &event,
                                      nullptr),
            STATUS_SUCCESS);
  EXPECT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExSemaphoreObjectType, KernelMode,
                                      &event, nullptr),
            STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *IoFileObjectType, KernelMode, &event,
                                      nullptr),
            STATUS_OBJECT_TYPE_MISMATCH);
  EXPECT_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, nullptr, KernelMode, &event, nullptr),
            STATUS_SUCCESS);
  EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
  EXPECT_EQ(ZwSetEvent(handle, nullptr), STATUS_INVALID_HANDLE);
  EXPECT_EQ(poll(event), STATUS_SUCCESS);
  ObDereferenceObject(event);
  ObDereferenceObject(event);
}

TEST(ZwEvent, RefusesNamesAndOtherKinds) {
  UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\BaseNamedObjects\\Echo");
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
  HANDLE handle = nullptr;
  EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
            STATUS_NOT_SUPPORTED);
  EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, static_cast<EVENT_TYPE>(7), FALSE),
            STATUS_INVALID_PARAMETER_4);
  EXPECT_EQ(ZwSetEvent(NtCurrentThread(), nullptr), STATUS_OBJECT_TYPE_MISMATCH);
}

}  // namespace
}  // namespace wskrun::nt
