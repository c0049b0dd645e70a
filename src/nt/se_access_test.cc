// Security descriptors as drivers make them, whom they let in, and those that are not well formed.
#include "nt/se_access.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "nt/ledger.h"
#include "nt/se_sid.h"

namespace wskrun::nt {
namespace {

constexpr FixedSid<1> kLocalService = {.authority = {SECURITY_NT_AUTHORITY},
                                       .sub_authorities = {SECURITY_LOCAL_SERVICE_RID}};

struct Entry {
  UCHAR type;
  ACCESS_MASK mask;
  const void* sid;  // A FixedSid.
  UCHAR flags = 0;
};

// A descriptor with a DACL of these entries, in the absolute form.
struct Descriptor {
  explicit Descriptor(const std::vector<Entry>& entries) : memory(512) {
    EXPECT_EQ(RtlCreateAcl(dacl(), 512, ACL_REVISION), STATUS_SUCCESS);
    char* end = memory.data() + sizeof(ACL);
    for (const Entry& each : entries) {
      // Sids that are added are copied, so that the caller's need not be writable.
      PSID sid = const_cast<void*>(each.sid);
      EXPECT_EQ(RtlAddAccessAllowedAce(dacl(), ACL_REVISION, each.mask, sid), STATUS_SUCCESS);
      auto& header = *reinterpret_cast<ACE_HEADER*>(end);
      header.AceType = each.type;
      header.AceFlags = each.flags;
      end += header.AceSize;
    }
    EXPECT_EQ(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION),
              STATUS_SUCCESS);
    EXPECT_EQ(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, dacl(), FALSE), STATUS_SUCCESS);
  }
  PACL dacl() { return reinterpret_cast<PACL>(memory.data()); }

  std::vector<char> memory;
  SECURITY_DESCRIPTOR descriptor;
};

// Both forms have to agree.
bool lets_in(PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK desired) {
  const auto parts = parts_of(descriptor);
  EXPECT_TRUE(parts.has_value());
  std::vector<std::uint64_t> copy(copy_size(*parts) / 8 + 1);
  write_copy(*parts, copy.data());
  EXPECT_TRUE(RtlValidSecurityDescriptor(copy.data()));
  EXPECT_EQ(RtlLengthSecurityDescriptor(copy.data()), copy_size(*parts));
  const auto copied = parts_of(copy.data());
  EXPECT_TRUE((copied->control & SE_SELF_RELATIVE) != 0);
  const bool granted = grants_system(*parts, desired);
  EXPECT_EQ(grants_system(*copied, desired), granted);
  return granted;
}

bool lets_in(const std::vector<Entry>& entries, ACCESS_MASK desired) {
  Descriptor made(entries);
  return lets_in(&made.descriptor, desired);
}

constexpr UCHAR kAllow = ACCESS_ALLOWED_ACE_TYPE;
constexpr UCHAR kDeny = ACCESS_DENIED_ACE_TYPE;
constexpr ACCESS_MASK kReadWrite = FILE_READ_DATA | FILE_WRITE_DATA;

TEST(SecurityDescriptor, WithoutADaclLetsEverybodyIn) {
  SECURITY_DESCRIPTOR descriptor;
  ASSERT_EQ(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION), STATUS_SUCCESS);
  EXPECT_TRUE(lets_in(&descriptor, FILE_ALL_ACCESS));
  ASSERT_EQ(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, nullptr, FALSE), STATUS_SUCCESS);
  EXPECT_TRUE(lets_in(&descriptor, FILE_ALL_ACCESS));
}

TEST(SecurityDescriptor, WithAnEmptyDaclLetsNobodyIn) {
  EXPECT_FALSE(lets_in(std::vector<Entry>{}, FILE_READ_DATA));
  Descriptor made({});
  ASSERT_EQ(RtlSetDaclSecurityDescriptor(&made.descriptor, FALSE, nullptr, FALSE), STATUS_SUCCESS);
  EXPECT_TRUE(lets_in(&made.descriptor, FILE_READ_DATA));  // Not present is not empty.
}

TEST(SecurityDescriptor, LetsInThoseItNames) {
  for (const void* sid : {static_cast<const void*>(&kSystem), static_cast<const void*>(&kEveryone),
                          static_cast<const void*>(&kAdministrators),
                          static_cast<const void*>(&kAuthenticatedUsers)}) {
    EXPECT_TRUE(lets_in({{kAllow, kReadWrite, sid}}, kReadWrite));
    EXPECT_TRUE(lets_in({{kAllow, GENERIC_ALL, sid}}, kReadWrite));
    EXPECT_TRUE(lets_in({{kAllow, GENERIC_READ | GENERIC_WRITE, sid}}, kReadWrite));
    EXPECT_FALSE(lets_in({{kAllow, GENERIC_READ, sid}}, kReadWrite));
    EXPECT_FALSE(lets_in({{kAllow, FILE_READ_DATA, sid}}, kReadWrite));
  }
  EXPECT_FALSE(lets_in({{kAllow, GENERIC_ALL, &kLocalService}}, kReadWrite));
}

TEST(SecurityDescriptor, EntriesAddUpInTheirOrder) {
  EXPECT_TRUE(lets_in({{kAllow, FILE_READ_DATA, &kEveryone}, {kAllow, FILE_WRITE_DATA, &kSystem}},
                      kReadWrite));
  EXPECT_FALSE(
      lets_in({{kDeny, FILE_WRITE_DATA, &kEveryone}, {kAllow, kReadWrite, &kSystem}}, kReadWrite));
  EXPECT_TRUE(
      lets_in({{kAllow, kReadWrite, &kSystem}, {kDeny, kReadWrite, &kEveryone}}, kReadWrite));
  EXPECT_TRUE(lets_in({{kAllow, FILE_WRITE_DATA, &kSystem},
                       {kDeny, FILE_WRITE_DATA, &kEveryone},
                       {kAllow, FILE_READ_DATA, &kSystem}},
                      kReadWrite));
  EXPECT_TRUE(
      lets_in({{kDeny, GENERIC_ALL, &kLocalService}, {kAllow, kReadWrite, &kSystem}}, kReadWrite));
}

TEST(SecurityDescriptor, SomeEntriesSayNothing) {
  EXPECT_FALSE(lets_in({{kAllow, kReadWrite, &kSystem, INHERIT_ONLY_ACE}}, kReadWrite));
  EXPECT_TRUE(lets_in({{kDeny, kReadWrite, &kSystem, INHERIT_ONLY_ACE},
                       {kAllow, kReadWrite, &kSystem, INHERITED_ACE}},
                      kReadWrite));
  EXPECT_FALSE(lets_in({{SYSTEM_AUDIT_ACE_TYPE, kReadWrite, &kSystem}}, kReadWrite));
  constexpr UCHAR kUnknownType = 9;
  EXPECT_FALSE(lets_in({{kUnknownType, kReadWrite, &kSystem}}, kReadWrite));
}

TEST(SecurityDescriptor, IsRefusedWhenItIsNotWellFormed) {
  EXPECT_FALSE(RtlValidSecurityDescriptor(nullptr));
  Descriptor made({{kAllow, kReadWrite, &kSystem}});
  EXPECT_TRUE(RtlValidSecurityDescriptor(&made.descriptor));
  const auto with = [&](auto change) {
    Descriptor broken({{kAllow, kReadWrite, &kSystem}});
    change(broken, *reinterpret_cast<ACCESS_ALLOWED_ACE*>(broken.dacl() + 1));
    return RtlValidSecurityDescriptor(&broken.descriptor);
  };
  using Ace = ACCESS_ALLOWED_ACE;
  EXPECT_FALSE(with([](Descriptor& d, Ace&) { d.descriptor.Revision = 2; }));
  EXPECT_FALSE(with([](Descriptor& d, Ace&) { d.dacl()->AclRevision = 1; }));
  EXPECT_FALSE(with([](Descriptor& d, Ace&) { d.dacl()->AclSize = 4; }));
  EXPECT_FALSE(with([](Descriptor& d, Ace&) { d.dacl()->AclSize = 16; }));
  EXPECT_FALSE(with([](Descriptor& d, Ace&) { d.dacl()->AceCount = 2; }));
  EXPECT_FALSE(with([](Descriptor&, Ace& ace) { ace.Header.AceSize = 2; }));
  EXPECT_FALSE(with([](Descriptor&, Ace& ace) { ace.Header.AceSize = 18; }));
  EXPECT_FALSE(with([](Descriptor&, Ace& ace) { ace.Header.AceSize = 12; }));
  EXPECT_FALSE(with([](Descriptor&, Ace& ace) { ace.Header.AceSize = 1024; }));
  EXPECT_FALSE(with([](Descriptor&, Ace& ace) { ace.SidStart = 0; }));
  FixedSid<1> owner = kSystem;
  owner.revision = 7;
  EXPECT_FALSE(with([&](Descriptor& d, Ace&) { d.descriptor.Owner = &owner; }));
}

TEST(SecurityDescriptor, CopiesHaveEveryPart) {
  Descriptor made({{kAllow, kReadWrite, &kSystem}});
  FixedSid<2> owner = kAdministrators;
  FixedSid<1> group = kSystem;
  made.descriptor.Owner = &owner;
  made.descriptor.Group = &group;
  made.descriptor.Sacl = made.descriptor.Dacl;
  made.descriptor.Control |= SE_SACL_PRESENT | SE_DACL_PROTECTED;
  const auto parts = parts_of(&made.descriptor);
  ASSERT_TRUE(parts);
  std::vector<std::uint64_t> memory(copy_size(*parts) / 8 + 1);
  write_copy(*parts, memory.data());

  const auto copy = parts_of(memory.data());
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->control,
            SE_SELF_RELATIVE | SE_SACL_PRESENT | SE_DACL_PRESENT | SE_DACL_PROTECTED);
  EXPECT_TRUE(RtlEqualSid(const_cast<SID*>(copy->owner), &owner));
  EXPECT_TRUE(RtlEqualSid(const_cast<SID*>(copy->group), &group));
  EXPECT_FALSE(RtlEqualSid(const_cast<SID*>(copy->group), &owner));
  EXPECT_EQ(std::memcmp(copy->dacl, made.dacl(), made.dacl()->AclSize), 0);
  EXPECT_EQ(std::memcmp(copy->sacl, made.dacl(), made.dacl()->AclSize), 0);
}

TEST(SecurityDescriptor, ADaclCanOnlyBeSetInTheAbsoluteForm) {
  Descriptor made({});
  EXPECT_EQ(RtlCreateSecurityDescriptor(&made.descriptor, 2), STATUS_UNKNOWN_REVISION);
  made.descriptor.Control |= SE_SELF_RELATIVE;
  EXPECT_EQ(RtlSetDaclSecurityDescriptor(&made.descriptor, TRUE, nullptr, FALSE),
            STATUS_INVALID_SECURITY_DESCR);
  made.descriptor.Revision = 3;
  EXPECT_EQ(RtlSetDaclSecurityDescriptor(&made.descriptor, TRUE, nullptr, FALSE),
            STATUS_UNKNOWN_REVISION);
}

TEST(Acl, HasTheRoomItWasGiven) {
  alignas(4) char memory[64];
  auto* acl = reinterpret_cast<PACL>(memory);
  FixedSid<1> system = kSystem;
  EXPECT_EQ(RtlCreateAcl(acl, 7, ACL_REVISION), STATUS_BUFFER_TOO_SMALL);
  EXPECT_EQ(RtlCreateAcl(acl, 0x10000, ACL_REVISION), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlCreateAcl(acl, 64, 5), STATUS_INVALID_PARAMETER);
  ASSERT_EQ(RtlCreateAcl(acl, sizeof(ACL) + 20, ACL_REVISION), STATUS_SUCCESS);
  EXPECT_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, &system), STATUS_SUCCESS);
  EXPECT_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, &system), STATUS_ALLOTTED_SPACE_EXCEEDED);
  EXPECT_EQ(RtlAddAccessAllowedAce(acl, 9, 1, &system), STATUS_UNKNOWN_REVISION);
  EXPECT_EQ(acl->AceCount, 1);
  system.revision = 0;
  EXPECT_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, &system), STATUS_INVALID_SID);
}

TEST(Sid, IsMadeOfItsParts) {
  alignas(4) char memory[SECURITY_MAX_SID_SIZE];
  SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
  EXPECT_EQ(RtlInitializeSid(memory, &nt, 16), STATUS_INVALID_PARAMETER);
  ASSERT_EQ(RtlInitializeSid(memory, &nt, 2), STATUS_SUCCESS);
  *RtlSubAuthoritySid(memory, 0) = SECURITY_BUILTIN_DOMAIN_RID;
  *RtlSubAuthoritySid(memory, 1) = DOMAIN_ALIAS_RID_ADMINS;
  FixedSid<2> administrators = kAdministrators;
  EXPECT_TRUE(RtlValidSid(memory));
  EXPECT_TRUE(RtlEqualSid(memory, &administrators));
  EXPECT_EQ(RtlLengthSid(memory), 16u);
  EXPECT_EQ(RtlLengthRequiredSid(2), 16u);
  EXPECT_FALSE(RtlValidSid(nullptr));
}

TEST(SeAssignSecurity, GivesTheSystemsDefaultOrTheDescriptorThatIsAskedFor) {
  const std::size_t before = ledger_entries().size();
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  PSECURITY_DESCRIPTOR made = nullptr;
  ASSERT_EQ(SeAssignSecurity(nullptr, nullptr, &made, FALSE, &subject,
                             IoGetFileObjectGenericMapping(), PagedPool),
            STATUS_SUCCESS);
  EXPECT_TRUE(lets_in(made, FILE_ALL_ACCESS));
  const auto* entry = reinterpret_cast<const ACCESS_ALLOWED_ACE*>(parts_of(made)->dacl + 1);
  EXPECT_EQ(entry->Mask, static_cast<ACCESS_MASK>(FILE_ALL_ACCESS));  // No generic right is left.
  EXPECT_EQ(SeDeassignSecurity(&made), STATUS_SUCCESS);
  EXPECT_EQ(made, nullptr);

  Descriptor nobody({});
  ASSERT_EQ(SeAssignSecurity(nullptr, &nobody.descriptor, &made, FALSE, &subject,
                             IoGetFileObjectGenericMapping(), PagedPool),
            STATUS_SUCCESS);
  EXPECT_FALSE(lets_in(made, FILE_READ_DATA));
  SeDeassignSecurity(&made);
  nobody.descriptor.Revision = 9;
  EXPECT_EQ(SeAssignSecurity(nullptr, &nobody.descriptor, &made, FALSE, &subject,
                             IoGetFileObjectGenericMapping(), PagedPool),
            STATUS_INVALID_SECURITY_DESCR);
  SeReleaseSubjectContext(&subject);
  EXPECT_EQ(ledger_entries().size(), before);
}

}  // namespace
}  // namespace wskrun::nt
