// The registry through its handles: keys below keys, values of each kind of question.
#include <gtest/gtest.h>
#include <wdm.h>

#include <cstring>
#include <string>

namespace wskrun::nt {
namespace {

UNICODE_STRING string_of(PCWSTR text) {
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, text);
  return string;
}

NTSTATUS create(HANDLE root, PCWSTR name, HANDLE& key, ULONG* disposition = nullptr) {
  UNICODE_STRING string = string_of(name);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE, root, nullptr);
  return ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, nullptr, REG_OPTION_VOLATILE,
                     disposition);
}

// \Registry\Machine\Software\Test, gone with the test.
class RegistryKey : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(create(nullptr, u"\\Registry\\Machine\\Software\\Test", key_), STATUS_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(ZwDeleteKey(key_), STATUS_SUCCESS);
    ZwClose(key_);
  }

  NTSTATUS set(PCWSTR name, ULONG type, const void* data, ULONG size) {
    UNICODE_STRING string = string_of(name);
    return ZwSetValueKey(key_, &string, 0, type, const_cast<void*>(data), size);
  }
  NTSTATUS query(PCWSTR name, KEY_VALUE_INFORMATION_CLASS kind, void* buffer, ULONG size,
                 ULONG& result) {
    UNICODE_STRING string = string_of(name);
    return ZwQueryValueKey(key_, &string, kind, buffer, size, &result);
  }

  HANDLE key_ = nullptr;
};

TEST_F(RegistryKey, TellsItsSubkeysAndRefusesToGoBeforeThem) {
  HANDLE child = nullptr;
  HANDLE again = nullptr;
  ULONG disposition = 0;
  ASSERT_EQ(create(key_, u"Child", child, &disposition), STATUS_SUCCESS);
  EXPECT_EQ(disposition, static_cast<ULONG>(REG_CREATED_NEW_KEY));
  ASSERT_EQ(create(key_, u"CHILD", again, &disposition), STATUS_SUCCESS);
  EXPECT_EQ(disposition, static_cast<ULONG>(REG_OPENED_EXISTING_KEY));
  HANDLE none = nullptr;
  EXPECT_EQ(create(key_, u"No\\Parent", none), STATUS_OBJECT_NAME_NOT_FOUND);

  alignas(8) UCHAR buffer[64];
  ULONG length = 0;
  ASSERT_EQ(ZwEnumerateKey(key_, 0, KeyBasicInformation, buffer, sizeof buffer, &length),
            STATUS_SUCCESS);
  const auto* information = reinterpret_cast<KEY_BASIC_INFORMATION*>(buffer);
  EXPECT_EQ(std::u16string(information->Name, information->NameLength / 2), u"Child");
  EXPECT_EQ(ZwEnumerateKey(key_, 1, KeyBasicInformation, buffer, sizeof buffer, &length),
            STATUS_NO_MORE_ENTRIES);

  EXPECT_EQ(ZwDeleteKey(key_), STATUS_CANNOT_DELETE);
  EXPECT_EQ(ZwDeleteKey(child), STATUS_SUCCESS);
  for (HANDLE handle : {child, again}) ZwClose(handle);
}

TEST_F(RegistryKey, SaysHowMuchRoomAnAnswerNeeds) {
  const ULONG number = 0x11223344;
  ASSERT_EQ(set(u"Name", REG_DWORD, &number, sizeof number), STATUS_SUCCESS);
  alignas(8) UCHAR buffer[64];
  ULONG length = 0;

  EXPECT_EQ(query(u"Name", KeyValuePartialInformation, nullptr, 0, length),
            STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(length, 16u);
  EXPECT_EQ(query(u"Name", KeyValuePartialInformation, buffer, 14, length), STATUS_BUFFER_OVERFLOW);
  EXPECT_EQ(length, 16u);
  EXPECT_EQ(buffer[13], 0x33);
  EXPECT_EQ(query(u"name", KeyValuePartialInformation, buffer, 16, length), STATUS_SUCCESS);

  EXPECT_EQ(query(u"Name", KeyValueFullInformation, buffer, sizeof buffer, length), STATUS_SUCCESS);
  const auto* full = reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer);
  EXPECT_EQ(std::u16string(full->Name, full->NameLength / 2), u"Name");
  EXPECT_EQ(std::memcmp(buffer + full->DataOffset, &number, sizeof number), 0);
  EXPECT_EQ(query(u"Name", KeyValueBasicInformation, buffer, sizeof buffer, length),
            STATUS_SUCCESS);
  EXPECT_EQ(length, 12u + 8u);
  EXPECT_EQ(query(u"Other", KeyValuePartialInformation, buffer, sizeof buffer, length),
            STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(RegistryKey, ReplacesEnumeratesAndDeletesValues) {
  ASSERT_EQ(set(u"A", REG_BINARY, "xy", 2), STATUS_SUCCESS);
  ASSERT_EQ(set(u"B", REG_NONE, nullptr, 0), STATUS_SUCCESS);
  ASSERT_EQ(set(u"a", REG_BINARY, "z", 1), STATUS_SUCCESS);
  alignas(8) UCHAR buffer[64];
  ULONG length = 0;
  ASSERT_EQ(
      ZwEnumerateValueKey(key_, 0, KeyValuePartialInformation, buffer, sizeof buffer, &length),
      STATUS_SUCCESS);
  EXPECT_EQ(length, 13u);
  EXPECT_EQ(buffer[12], 'z');
  EXPECT_EQ(
      ZwEnumerateValueKey(key_, 2, KeyValuePartialInformation, buffer, sizeof buffer, &length),
      STATUS_NO_MORE_ENTRIES);
  UNICODE_STRING name = string_of(u"A");
  EXPECT_EQ(ZwDeleteValueKey(key_, &name), STATUS_SUCCESS);
  EXPECT_EQ(ZwDeleteValueKey(key_, &name), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_F(RegistryKey, RefusesWhatIsNoKey) {
  HANDLE none = nullptr;
  EXPECT_EQ(create(nullptr, u"Relative", none), STATUS_OBJECT_PATH_SYNTAX_BAD);
  UNICODE_STRING name = string_of(u"A");
  EXPECT_EQ(ZwDeleteValueKey(reinterpret_cast<HANDLE>(0x4444), &name), STATUS_INVALID_HANDLE);
}

}  // namespace
}  // namespace wskrun::nt
