// Callback objects: who is called, in which order, and when it is over.
#include <wdm.h>

#include <gtest/gtest.h>

#include <atomic>

#include <string>
#include <thread>
#include <vector>

#include "nt/ledger.h"

namespace wskrun::nt {
namespace {

OBJECT_ATTRIBUTES named(UNICODE_STRING& name, ULONG attributes = OBJ_CASE_INSENSITIVE) {
  OBJECT_ATTRIBUTES result;
  InitializeObjectAttributes(&result, &name, attributes, nullptr, nullptr);
  return result;
}

PCALLBACK_OBJECT create(PCWSTR text, bool many, ULONG attributes = OBJ_CASE_INSENSITIVE) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, text);
  OBJECT_ATTRIBUTES object_attributes = named(name, attributes);
  PCALLBACK_OBJECT object = nullptr;
  EXPECT_EQ(ExCreateCallback(&object, &object_attributes, TRUE, many), STATUS_SUCCESS);
  return object;
}

NTSTATUS open(PCWSTR text, PCALLBACK_OBJECT& object) {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, text);
  OBJECT_ATTRIBUTES object_attributes = named(name);
  return ExCreateCallback(&object, &object_attributes, FALSE, FALSE);
}

struct Listener {
  std::vector<std::string>* calls;
  const char* name;
};

void on_notify(PVOID context, PVOID argument1, PVOID argument2) {
  auto& listener = *static_cast<Listener*>(context);
  listener.calls->push_back(std::string(listener.name) + static_cast<char*>(argument1) +
                            static_cast<char*>(argument2));
}

void notify(PCALLBACK_OBJECT object, std::string first, std::string second) {
  ExNotifyCallback(object, first.data(), second.data());
}

TEST(Callback, AllFunctionsAreCalledInTheOrderOfTheirRegistration) {
  const std::size_t before = ledger_entries().size();
  PCALLBACK_OBJECT object = create(u"\\Callback\\Order", true);
  std::vector<std::string> calls;
  Listener one{&calls, "one"};
  Listener two{&calls, "two"};
  PVOID first = ExRegisterCallback(object, on_notify, &one);
  PVOID second = ExRegisterCallback(object, on_notify, &two);

  notify(object, "a", "b");
  ExUnregisterCallback(first);
  notify(object, "c", "d");
  ExUnregisterCallback(second);
  notify(object, "e", "f");

  EXPECT_EQ(calls, (std::vector<std::string>{"oneab", "twoab", "twocd"}));
  ObDereferenceObject(object);
  EXPECT_EQ(ledger_entries().size(), before);
}

TEST(Callback, OneFunctionOnlyWhereTheObjectSaysSo) {
  PCALLBACK_OBJECT object = create(u"\\Callback\\Single", false);
  std::vector<std::string> calls;
  Listener listener{&calls, ""};
  PVOID only = ExRegisterCallback(object, on_notify, &listener);

  EXPECT_NE(only, nullptr);
  EXPECT_EQ(ExRegisterCallback(object, on_notify, &listener), nullptr);
  ExUnregisterCallback(only);
  only = ExRegisterCallback(object, on_notify, &listener);
  EXPECT_NE(only, nullptr);
  ExUnregisterCallback(only);
  ObDereferenceObject(object);
}

TEST(Callback, IsFoundByItsNameAsLongAsItIsThere) {
  PCALLBACK_OBJECT found = nullptr;
  EXPECT_EQ(open(u"\\Callback\\Name", found), STATUS_OBJECT_NAME_NOT_FOUND);
  PCALLBACK_OBJECT object = create(u"\\Callback\\Name", false);
  EXPECT_EQ(open(u"\\CALLBACK\\name", found), STATUS_SUCCESS);
  EXPECT_EQ(found, object);
  EXPECT_EQ(create(u"\\Callback\\Name", true), object);
  for (int i = 0; i < 3; ++i) ObDereferenceObject(object);
  EXPECT_EQ(open(u"\\Callback\\Name", found), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(Callback, PermanentOnesStayAndTheSystemsOwnAreThere) {
  PCALLBACK_OBJECT object = create(u"\\Callback\\Permanent", false, OBJ_PERMANENT);
  ObDereferenceObject(object);
  PCALLBACK_OBJECT found = nullptr;
  EXPECT_EQ(open(u"\\Callback\\Permanent", found), STATUS_SUCCESS);
  EXPECT_EQ(found, object);
  ObDereferenceObject(found);
  EXPECT_EQ(open(u"\\Callback\\PowerState", found), STATUS_SUCCESS);
  ObDereferenceObject(found);
}

TEST(Callback, MustHaveAName) {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, nullptr, 0, nullptr, nullptr);
  PCALLBACK_OBJECT object = nullptr;
  EXPECT_EQ(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_UNSUCCESSFUL);
}

struct Busy {
  KEVENT entered;
  KEVENT may_leave;
  std::atomic<bool> left{false};
};

void wait_inside(PVOID context, PVOID, PVOID) {
  auto& busy = *static_cast<Busy*>(context);
  KeSetEvent(&busy.entered, IO_NO_INCREMENT, FALSE);
  KeWaitForSingleObject(&busy.may_leave, Executive, KernelMode, FALSE, nullptr);
  busy.left = true;
}

TEST(Callback, UnregisterWaitsForTheFunctionToReturn) {
  PCALLBACK_OBJECT object = create(u"\\Callback\\Busy", true);
  Busy busy;
  KeInitializeEvent(&busy.entered, NotificationEvent, FALSE);
  KeInitializeEvent(&busy.may_leave, NotificationEvent, FALSE);
  PVOID registration = ExRegisterCallback(object, wait_inside, &busy);
  std::thread notifier([&] { ExNotifyCallback(object, nullptr, nullptr); });
  KeWaitForSingleObject(&busy.entered, Executive, KernelMode, FALSE, nullptr);
  std::thread leaver([&] { KeSetEvent(&busy.may_leave, IO_NO_INCREMENT, FALSE); });

  ExUnregisterCallback(registration);

  EXPECT_TRUE(busy.left);
  notifier.join();
  leaver.join();
  ObDereferenceObject(object);
}

}  // namespace
}  // namespace wskrun::nt
