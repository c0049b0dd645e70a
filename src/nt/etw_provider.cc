// ETW's side of a driver: EtwRegister, EtwWrite and their family. There are no trace sessions; the
// log takes every event up to the level it shows. trace_logging.cc writes the events that say
// themselves what they mean.
#include "nt/etw_provider.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/log.h"
#include "base/mutex.h"
#include "nt/irql.h"
#include "nt/ledger.h"
#include "nt/rtl_string.h"
#include "nt/upcall.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

using base::LogLevel;

constexpr char kSource[] = "driver";
constexpr std::size_t kLongestData = 64;  // Bytes of one item that a line shows.

// Events' levels, as every provider uses them.
constexpr UCHAR kLogAlways = 0;
constexpr UCHAR kError = 2;
constexpr UCHAR kWarning = 3;
constexpr UCHAR kInformation = 4;
constexpr UCHAR kVerbose = 5;

LogLevel log_level(UCHAR level) {
  if (level == kLogAlways) return LogLevel::kInfo;
  if (level <= kError) return LogLevel::kError;
  if (level == kWarning) return LogLevel::kWarning;
  return level == kInformation ? LogLevel::kInfo : LogLevel::kDebug;
}

// The highest level of which events are written; 0: of none.
UCHAR highest_traced() {
  for (const UCHAR level : {kVerbose, kInformation, kWarning, kError}) {
    if (is_traced(level)) return level;
  }
  return 0;
}

struct Provider {
  std::string name;  // What its events' lines begin with.
  LedgerEntry ledger;
};

class Providers {
 public:
  REGHANDLE insert(std::string name, const void* registered_by) {
    base::MutexLock lock(mutex_);
    auto provider = std::make_unique<Provider>();
    provider->name = std::move(name);
    ++last_;
    ledger_add(provider->ledger, Holding::kTraceProvider, reinterpret_cast<const void*>(last_),
               sizeof *provider, 0, registered_by);
    providers_.emplace(last_, std::move(provider));
    return last_;
  }

  bool remove(REGHANDLE handle) {
    base::MutexLock lock(mutex_);
    const auto found = providers_.find(handle);
    if (found == providers_.end()) return false;
    ledger_remove(found->second->ledger);
    providers_.erase(found);
    return true;
  }

  bool rename(REGHANDLE handle, std::string_view name) {
    base::MutexLock lock(mutex_);
    const auto found = providers_.find(handle);
    if (found == providers_.end()) return false;
    found->second->name = name;
    return true;
  }

  bool contains(REGHANDLE handle) {
    base::MutexLock lock(mutex_);
    return providers_.count(handle) != 0;
  }

  // Empty: no such provider.
  std::string name_of(REGHANDLE handle) {
    base::MutexLock lock(mutex_);
    const auto found = providers_.find(handle);
    return found == providers_.end() ? std::string() : found->second->name;
  }

 private:
  base::Mutex mutex_;
  std::unordered_map<REGHANDLE, std::unique_ptr<Provider>> providers_ GUARDED_BY(mutex_);
  REGHANDLE last_ GUARDED_BY(mutex_) = 0;  // Handles are not used twice.
};

Providers& providers() {
  static auto* const instance = new Providers;  // Drivers' threads may use it until the very end.
  return *instance;
}

// The activity of the calling thread; all zero: none.
thread_local GUID thread_activity{};

bool is_zero(const GUID& guid) {
  return RtlIsZeroMemory(const_cast<GUID*>(&guid), sizeof guid);
}

void append_number(std::string& text, const void* data, ULONG size) {
  ULONGLONG value = 0;
  std::memcpy(&value, data, size);
  char digits[24];
  text.append(digits,
              static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "0x%llx", value)));
}

void append_bytes(std::string& text, const void* data, ULONG size) {
  const auto* const bytes = static_cast<const UCHAR*>(data);
  const std::size_t shown = std::min<std::size_t>(size, kLongestData);
  for (std::size_t i = 0; i < shown; ++i) {
    char digits[4];
    text.append(digits,
                static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%02x", bytes[i])));
  }
  if (shown < size) text += "...";
}

// What an item means stands in a manifest that nobody has here.
void append_item(std::string& text, const EVENT_DATA_DESCRIPTOR& item) {
  const auto* const data = reinterpret_cast<const void*>(static_cast<std::uintptr_t>(item.Ptr));
  text += ' ';
  if (item.Size == 1 || item.Size == 2 || item.Size == 4 || item.Size == 8) {
    append_number(text, data, item.Size);
  } else {
    append_bytes(text, data, item.Size);
  }
}

// The name in a provider's traits: their size in two bytes, then a zero-terminated text. Empty:
// they are not so.
std::string_view name_in_traits(const void* traits, ULONG size) {
  USHORT own_size = 0;
  if (traits == nullptr || size < sizeof own_size) return {};
  std::memcpy(&own_size, traits, sizeof own_size);
  const char* const name = static_cast<const char*>(traits) + sizeof own_size;
  if (own_size != size || size == sizeof own_size) return {};
  const void* const end = std::memchr(name, 0, size - sizeof own_size);
  return end == nullptr ? std::string_view()
                        : std::string_view(name, static_cast<const char*>(end));
}

}  // namespace

REGHANDLE register_provider(std::string name, PETWENABLECALLBACK enable_callback,
                            PVOID callback_context, const void* registered_by) {
  const REGHANDLE handle = providers().insert(std::move(name), registered_by);
  const UCHAR level = highest_traced();
  if (enable_callback != nullptr && level != 0) {
    constexpr GUID kNoSession{};
    upcall("EtwEnableCallback", enable_callback, &kNoSession,
           static_cast<ULONG>(EVENT_CONTROL_CODE_ENABLE_PROVIDER), level, ~ULONGLONG{0},
           ULONGLONG{0}, static_cast<PEVENT_FILTER_DESCRIPTOR>(nullptr), callback_context);
  }
  return handle;
}

bool is_traced(UCHAR level) {
  return base::is_logged(log_level(level));
}

std::string guid_text(const GUID& guid) {
  char text[40];
  const int length =
      std::snprintf(text, sizeof text, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
                    guid.Data1, guid.Data2, guid.Data3, guid.Data4[0], guid.Data4[1], guid.Data4[2],
                    guid.Data4[3], guid.Data4[4], guid.Data4[5], guid.Data4[6], guid.Data4[7]);
  return {text, static_cast<std::size_t>(length)};
}

void write_event_line(UCHAR level, std::string text, const GUID* activity, const GUID* related) {
  const GUID& own = activity != nullptr ? *activity : thread_activity;
  if (!is_zero(own)) text += " activity=" + guid_text(own);
  if (related != nullptr) text += " related=" + guid_text(*related);
  base::log_text(log_level(level), kSource, text);
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS EtwRegister(LPCGUID ProviderId, PETWENABLECALLBACK EnableCallback, PVOID CallbackContext,
                     PREGHANDLE RegHandle) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (ProviderId == nullptr || RegHandle == nullptr) return STATUS_INVALID_PARAMETER;
  *RegHandle = register_provider(guid_text(*ProviderId), EnableCallback, CallbackContext,
                                 __builtin_return_address(0));
  return STATUS_SUCCESS;
}

NTSTATUS EtwUnregister(REGHANDLE RegHandle) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  return providers().remove(RegHandle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

NTSTATUS EtwSetInformation(REGHANDLE RegHandle, EVENT_INFO_CLASS InformationClass,
                           PVOID EventInformation, ULONG InformationLength) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  if (!providers().contains(RegHandle)) return STATUS_INVALID_HANDLE;
  if (InformationClass != EventProviderSetTraits) return STATUS_INVALID_DEVICE_REQUEST;
  const std::string_view name = name_in_traits(EventInformation, InformationLength);
  if (name.empty()) return STATUS_INVALID_PARAMETER;
  return providers().rename(RegHandle, name) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

BOOLEAN EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword) {
  (void)Keyword;  // All are enabled.
  const bool wanted = Level == kLogAlways ? highest_traced() != 0 : is_traced(Level);
  return wanted && providers().contains(RegHandle);
}

BOOLEAN EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor) {
  return is_traced(EventDescriptor->Level) && providers().contains(RegHandle);
}

NTSTATUS EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID ActivityId,
                  ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData) {
  return EtwWriteTransfer(RegHandle, EventDescriptor, ActivityId, nullptr, UserDataCount, UserData);
}

NTSTATUS EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor,
                          LPCGUID ActivityId, LPCGUID RelatedActivityId, ULONG UserDataCount,
                          PEVENT_DATA_DESCRIPTOR UserData) {
  const std::string provider = providers().name_of(RegHandle);
  if (provider.empty()) return STATUS_INVALID_HANDLE;
  if (UserDataCount > MAX_EVENT_DATA_DESCRIPTORS) return STATUS_INVALID_PARAMETER;
  if (!is_traced(EventDescriptor->Level)) return STATUS_SUCCESS;
  std::string line = provider + " event " + std::to_string(EventDescriptor->Id);
  for (ULONG i = 0; i < UserDataCount; ++i) {
    if (UserData[i].Type == EVENT_DATA_DESCRIPTOR_TYPE_NONE) append_item(line, UserData[i]);
  }
  write_event_line(EventDescriptor->Level, std::move(line), ActivityId, RelatedActivityId);
  return STATUS_SUCCESS;
}

NTSTATUS EtwWriteEx(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, ULONG64 Filter,
                    ULONG Flags, LPCGUID ActivityId, LPCGUID RelatedActivityId, ULONG UserDataCount,
                    PEVENT_DATA_DESCRIPTOR UserData) {
  (void)Filter;  // Excludes sessions, of which there are none.
  if (Flags != 0) return STATUS_INVALID_PARAMETER;
  return EtwWriteTransfer(RegHandle, EventDescriptor, ActivityId, RelatedActivityId, UserDataCount,
                          UserData);
}

NTSTATUS EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, LPCGUID ActivityId,
                        PCWSTR String) {
  (void)Keyword;
  const std::string provider = providers().name_of(RegHandle);
  if (provider.empty()) return STATUS_INVALID_HANDLE;
  if (!is_traced(Level)) return STATUS_SUCCESS;
  write_event_line(Level, provider + " " + to_utf8(String), ActivityId, nullptr);
  return STATUS_SUCCESS;
}

NTSTATUS EtwActivityIdControl(ULONG ControlCode, LPGUID ActivityId) {
  if (ControlCode == EVENT_ACTIVITY_CTRL_CREATE_ID) return ExUuidCreate(ActivityId);
  require_irql_at_most(APC_LEVEL, __func__);
  const GUID before = thread_activity;
  switch (ControlCode) {
    case EVENT_ACTIVITY_CTRL_GET_ID:
      break;
    case EVENT_ACTIVITY_CTRL_SET_ID:
      thread_activity = *ActivityId;
      return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_GET_SET_ID:
      thread_activity = *ActivityId;
      break;
    case EVENT_ACTIVITY_CTRL_CREATE_SET_ID: {
      const NTSTATUS status = ExUuidCreate(&thread_activity);
      if (!NT_SUCCESS(status)) return status;
      break;
    }
    default:
      return STATUS_INVALID_PARAMETER;
  }
  *ActivityId = before;
  return STATUS_SUCCESS;
}

}  // extern "C"
