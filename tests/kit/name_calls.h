// AddressInfoCall and NameInfoCall: WskGetAddressInfo and WskGetNameInfo with everything that a
// driver has to keep for them.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kit/address.h"
#include "kit/irp_call.h"

namespace wskrun::tests {

// A UNICODE_STRING over text of its own.
class UnicodeText {
 public:
  explicit UnicodeText(std::u16string_view text) : text_(text) {
    string_.Buffer = text_.data();
    string_.Length = static_cast<USHORT>(text_.size() * sizeof(WCHAR));
    string_.MaximumLength = string_.Length;  // No NUL: a UNICODE_STRING needs none.
  }
  UnicodeText(const UnicodeText&) = delete;
  UnicodeText& operator=(const UnicodeText&) = delete;

  PUNICODE_STRING get() { return &string_; }

 private:
  std::u16string text_;
  UNICODE_STRING string_{};
};

class AddressInfoCall {
 public:
  AddressInfoCall(const WSK_PROVIDER_DISPATCH& wsk, PWSK_CLIENT client)
      : wsk_(wsk), client_(client) {}
  ~AddressInfoCall() { free(); }
  AddressInfoCall(const AddressInfoCall&) = delete;
  AddressInfoCall& operator=(const AddressInfoCall&) = delete;

  // What the call passes; may be changed before start().
  ADDRINFOEXW hints{};
  bool has_hints = true;
  ULONG name_space = NS_ALL;
  GUID* provider = nullptr;
  PEPROCESS process = nullptr;
  PETHREAD thread = nullptr;

  // No value: NULL. What they point to is overwritten when the call has returned.
  AddressInfoCall& start(std::optional<std::u16string_view> node,
                         std::optional<std::u16string_view> service);
  // start() and wait().
  Completed run(std::optional<std::u16string_view> node,
                std::optional<std::u16string_view> service) {
    return start(node, service).wait();
  }
  Completed wait() { return irp_.wait(); }
  IrpCall& irp() { return irp_; }

  // The list, which is freed at the end unless it is taken.
  PADDRINFOEXW list() const { return list_; }
  PADDRINFOEXW take() { return std::exchange(list_, nullptr); }
  void free();
  // "127.0.0.1:80", "[::1]:80"
  std::vector<std::string> addresses() const;
  // Of the first entry. "-": NULL.
  std::string canonical_name() const;

 private:
  const WSK_PROVIDER_DISPATCH& wsk_;
  const PWSK_CLIENT client_;
  IrpCall irp_;
  PADDRINFOEXW list_ = nullptr;
};

class NameInfoCall {
 public:
  static constexpr ULONG kWholeAddress = 0;

  NameInfoCall(const WSK_PROVIDER_DISPATCH& wsk, PWSK_CLIENT client) : wsk_(wsk), client_(client) {}
  NameInfoCall(const NameInfoCall&) = delete;
  NameInfoCall& operator=(const NameInfoCall&) = delete;

  // What the call passes; may be changed before start().
  ULONG length = kWholeAddress;  // SockAddrLength
  USHORT node_room = 2 * NI_MAXHOST;
  USHORT service_room = 2 * NI_MAXSERV;
  bool wants_node = true;
  bool wants_service = true;
  PEPROCESS process = nullptr;
  PETHREAD thread = nullptr;

  NameInfoCall& start(Sockaddr address, ULONG flags);
  Completed run(const Sockaddr& address, ULONG flags) { return start(address, flags).wait(); }
  Completed wait() { return irp_.wait(); }
  IrpCall& irp() { return irp_; }

  // What was written, without its NUL. "?": nothing was; "!": it lacks the NUL, or more was written
  // than that.
  std::string node() const { return text_of(node_, node_text_); }
  std::string service() const { return text_of(service_, service_text_); }

 private:
  static constexpr WCHAR kUntouched = 0xABAB;
  static std::string text_of(const UNICODE_STRING& string, const std::u16string& text);

  const WSK_PROVIDER_DISPATCH& wsk_;
  const PWSK_CLIENT client_;
  IrpCall irp_;
  std::u16string node_text_, service_text_;
  UNICODE_STRING node_{}, service_{};
};

}  // namespace wskrun::tests
