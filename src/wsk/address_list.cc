// Making lists, and the list of them.
#include "wsk/address_list.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "nt/ledger.h"
#include "nt/utf.h"
#include "wsk/sockaddr.h"

namespace wskrun::wsk {
namespace {

// The driver may do to its structures what it likes: nothing here is read from them again.
class AddressList {
 public:
  AddressList(const net::AddressLookup& found, const AskedFor& asked_for, const void* asked_by)
      : entries_(found.addresses().size()), canonical_name_(nt::to_utf16(found.canonical_name())) {
    std::size_t bytes = (canonical_name_.size() + 1) * sizeof(WCHAR);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      ADDRINFOEXW* next = i + 1 < entries_.size() ? &entries_[i + 1].info : nullptr;
      fill(entries_[i], found.addresses()[i], asked_for, next);
      bytes += sizeof(ADDRINFOEXW) + entries_[i].info.ai_addrlen;
    }
    if (!canonical_name_.empty()) head()->ai_canonname = canonical_name_.data();
    nt::ledger_add(ledger_, nt::Holding::kAddressList, head(), bytes, 0, asked_by);
  }
  ~AddressList() { nt::ledger_remove(ledger_); }
  AddressList(const AddressList&) = delete;
  AddressList& operator=(const AddressList&) = delete;

  PADDRINFOEXW head() { return &entries_.front().info; }

 private:
  struct Entry {
    ADDRINFOEXW info{};
    // No longer than it says, so that the address sanitizer sees who reads beyond it.
    std::unique_ptr<UCHAR[]> address;
  };

  static void fill(Entry& entry, const net::Address& address, const AskedFor& asked_for,
                   ADDRINFOEXW* next) {
    const bool is_ipv4 = address.family == net::Family::kIpv4;
    const std::size_t length = is_ipv4 ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
    entry.address = std::make_unique<UCHAR[]>(length);
    auto* sockaddr = reinterpret_cast<PSOCKADDR>(entry.address.get());
    store_address(address, sockaddr);
    entry.info.ai_family = windows_family(address.family);
    entry.info.ai_socktype = asked_for.socket_type;
    entry.info.ai_protocol = asked_for.protocol;
    entry.info.ai_addrlen = length;
    entry.info.ai_addr = sockaddr;
    entry.info.ai_next = next;
  }

  std::vector<Entry> entries_;
  std::u16string canonical_name_;
  nt::LedgerEntry ledger_;
};

class HandedOut {
 public:
  PADDRINFOEXW add(std::unique_ptr<AddressList> list) EXCLUDES(mutex_) {
    const PADDRINFOEXW head = list->head();
    base::MutexLock lock(mutex_);
    lists_.emplace(head, std::move(list));
    return head;
  }
  std::unique_ptr<AddressList> remove(const ADDRINFOEXW* head) EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    const auto found = lists_.find(head);
    if (found == lists_.end()) return nullptr;
    std::unique_ptr<AddressList> list = std::move(found->second);
    lists_.erase(found);
    return list;
  }

 private:
  base::Mutex mutex_;
  std::unordered_map<const ADDRINFOEXW*, std::unique_ptr<AddressList>> lists_ GUARDED_BY(mutex_);
};

HandedOut& handed_out() {
  static HandedOut* const instance = new HandedOut;  // Drivers may call until the very end.
  return *instance;
}

}  // namespace

PADDRINFOEXW hand_out_addresses(const net::AddressLookup& found, const AskedFor& asked_for,
                                const void* asked_by) {
  return handed_out().add(std::make_unique<AddressList>(found, asked_for, asked_by));
}

bool take_back_addresses(const ADDRINFOEXW* head) {
  return handed_out().remove(head) != nullptr;
}

}  // namespace wskrun::wsk
