/*
 * etw.h: Event Tracing for Windows, a driver's side. The runtime's log stands for a session that
 * has enabled every provider, up to the level that --log shows: an event becomes a line of the log.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

typedef ULONGLONG REGHANDLE, *PREGHANDLE;

typedef struct _EVENT_DESCRIPTOR {
  USHORT Id;
  UCHAR Version;
  UCHAR Channel;
  UCHAR Level;
  UCHAR Opcode;
  USHORT Task;
  ULONGLONG Keyword;
} EVENT_DESCRIPTOR, *PEVENT_DESCRIPTOR;
typedef const EVENT_DESCRIPTOR* PCEVENT_DESCRIPTOR;

typedef struct _EVENT_DATA_DESCRIPTOR {
  ULONGLONG Ptr;
  ULONG Size;
  union {
    ULONG Reserved;
    struct {
      UCHAR Type;
      UCHAR Reserved1;
      USHORT Reserved2;
    };
  };
} EVENT_DATA_DESCRIPTOR, *PEVENT_DATA_DESCRIPTOR;

typedef struct _EVENT_FILTER_DESCRIPTOR {
  ULONGLONG Ptr;
  ULONG Size;
  ULONG Type;
} EVENT_FILTER_DESCRIPTOR, *PEVENT_FILTER_DESCRIPTOR;

C_ASSERT(sizeof(EVENT_DESCRIPTOR) == 16 && sizeof(EVENT_DATA_DESCRIPTOR) == 16);
C_ASSERT(sizeof(EVENT_FILTER_DESCRIPTOR) == 16);

#define MAX_EVENT_DATA_DESCRIPTORS 128

/* EVENT_DATA_DESCRIPTOR::Type: the event's data, or something about them. */
#define EVENT_DATA_DESCRIPTOR_TYPE_NONE 0
#define EVENT_DATA_DESCRIPTOR_TYPE_EVENT_METADATA 1
#define EVENT_DATA_DESCRIPTOR_TYPE_PROVIDER_METADATA 2
#define EVENT_DATA_DESCRIPTOR_TYPE_TIMESTAMP_OVERRIDE 3

#define EVENT_CONTROL_CODE_DISABLE_PROVIDER 0
#define EVENT_CONTROL_CODE_ENABLE_PROVIDER 1
#define EVENT_CONTROL_CODE_CAPTURE_STATE 2

#define EVENT_ACTIVITY_CTRL_GET_ID 1
#define EVENT_ACTIVITY_CTRL_SET_ID 2
#define EVENT_ACTIVITY_CTRL_CREATE_ID 3
#define EVENT_ACTIVITY_CTRL_GET_SET_ID 4
#define EVENT_ACTIVITY_CTRL_CREATE_SET_ID 5

typedef enum _EVENT_INFO_CLASS {
  EventProviderBinaryTrackInfo,
  EventProviderSetReserved1,
  EventProviderSetTraits,
  EventProviderUseDescriptorType,
  MaxEventInfo
} EVENT_INFO_CLASS;

/*
 * ETWENABLECALLBACK: told when a session enables or disables the provider. Here: once, during
 * EtwRegister, unless the log shows nothing.
 *
 *   ControlCode      EVENT_CONTROL_CODE_xxx.
 *   Level            Events up to it are wanted, and of those with a keyword the ones that
 *                    MatchAnyKeyword and MatchAllKeyword want.
 *   FilterData       NULL.
 *   CallbackContext  EtwRegister's.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nc-wdm-etwenablecallback
 */
_Function_class_(ETWENABLECALLBACK) typedef VOID NTAPI
    ETWENABLECALLBACK(_In_ LPCGUID SourceId, _In_ ULONG ControlCode, _In_ UCHAR Level,
                      _In_ ULONGLONG MatchAnyKeyword, _In_ ULONGLONG MatchAllKeyword,
                      _In_opt_ PEVENT_FILTER_DESCRIPTOR FilterData,
                      _Inout_opt_ PVOID CallbackContext);
typedef ETWENABLECALLBACK* PETWENABLECALLBACK;

/*
 * EtwRegister: make the driver known as a provider; EtwUnregister before it is unloaded.
 *
 *   EnableCallback  ETWENABLECALLBACK, or NULL.
 *   RegHandle       Set to what the other functions take.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: a pointer is NULL. Unregister:
 *          STATUS_INVALID_HANDLE.
 * Page     ddi/wdm/nf-wdm-etwregister
 */
NTKERNELAPI NTSTATUS EtwRegister(_In_ LPCGUID ProviderId,
                                 _In_opt_ PETWENABLECALLBACK EnableCallback,
                                 _In_opt_ PVOID CallbackContext, _Out_ PREGHANDLE RegHandle);
NTKERNELAPI NTSTATUS EtwUnregister(_In_ REGHANDLE RegHandle);

/*
 * EtwSetInformation: tell more about the provider.
 *
 *   InformationClass  EventProviderSetTraits: its name, in the form that TraceLogging gives it.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_HANDLE; STATUS_INVALID_PARAMETER: no such traits.
 *          STATUS_INVALID_DEVICE_REQUEST: any other class.
 * Page     ddi/wdm/nf-wdm-etwsetinformation
 */
NTKERNELAPI NTSTATUS EtwSetInformation(_In_ REGHANDLE RegHandle,
                                       _In_ EVENT_INFO_CLASS InformationClass,
                                       _In_reads_bytes_opt_(InformationLength)
                                           PVOID EventInformation,
                                       _In_ ULONG InformationLength);

/*
 * EtwProviderEnabled: whether anybody wants events of that level and keyword; EtwEventEnabled:
 * whether this event.
 *
 *   Level  0: events of any level.
 *
 * IRQL     any
 * Returns  TRUE: they are written. FALSE also for a handle that is none.
 * Page     ddi/wdm/nf-wdm-etwproviderenabled
 */
NTKERNELAPI BOOLEAN EtwProviderEnabled(_In_ REGHANDLE RegHandle, _In_ UCHAR Level,
                                       _In_ ULONGLONG Keyword);
NTKERNELAPI BOOLEAN EtwEventEnabled(_In_ REGHANDLE RegHandle,
                                    _In_ PCEVENT_DESCRIPTOR EventDescriptor);

/*
 * EtwWrite: write an event. Its line has the provider's name or id, the event's id, and the data:
 * 1, 2, 4 and 8 bytes as a number, others byte by byte, for what they mean stands in a manifest.
 *
 *   ActivityId     What the event belongs to, or NULL: what the thread has (EtwActivityIdControl).
 *   UserDataCount  At most MAX_EVENT_DATA_DESCRIPTORS.
 *   Filter, Flags  0.
 *
 * IRQL     any
 * Returns  STATUS_SUCCESS, also when nobody wants the event; STATUS_INVALID_HANDLE;
 *          STATUS_INVALID_PARAMETER: too many data.
 * Page     ddi/wdm/nf-wdm-etwwrite
 */
NTKERNELAPI NTSTATUS EtwWrite(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor,
                              _In_opt_ LPCGUID ActivityId, _In_ ULONG UserDataCount,
                              _In_reads_opt_(UserDataCount) PEVENT_DATA_DESCRIPTOR UserData);
NTKERNELAPI NTSTATUS EtwWriteTransfer(_In_ REGHANDLE RegHandle,
                                      _In_ PCEVENT_DESCRIPTOR EventDescriptor,
                                      _In_opt_ LPCGUID ActivityId,
                                      _In_opt_ LPCGUID RelatedActivityId, _In_ ULONG UserDataCount,
                                      _In_reads_opt_(UserDataCount)
                                          PEVENT_DATA_DESCRIPTOR UserData);
NTKERNELAPI NTSTATUS EtwWriteEx(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor,
                                _In_ ULONG64 Filter, _In_ ULONG Flags, _In_opt_ LPCGUID ActivityId,
                                _In_opt_ LPCGUID RelatedActivityId, _In_ ULONG UserDataCount,
                                _In_reads_opt_(UserDataCount) PEVENT_DATA_DESCRIPTOR UserData);

/*
 * EtwWriteString: write an event that is a text.
 *
 * IRQL     any
 * Returns  As EtwWrite.
 * Page     ddi/wdm/nf-wdm-etwwritestring
 */
NTKERNELAPI NTSTATUS EtwWriteString(_In_ REGHANDLE RegHandle, _In_ UCHAR Level,
                                    _In_ ULONGLONG Keyword, _In_opt_ LPCGUID ActivityId,
                                    _In_ PCWSTR String);

/*
 * EtwActivityIdControl: make an id for an activity, ask or set the thread's.
 *
 *   ControlCode  EVENT_ACTIVITY_CTRL_xxx.
 *
 * IRQL     < DISPATCH_LEVEL; EVENT_ACTIVITY_CTRL_CREATE_ID: any
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER.
 * Page     ddi/wdm/nf-wdm-etwactivityidcontrol
 */
NTKERNELAPI NTSTATUS EtwActivityIdControl(_In_ ULONG ControlCode, _Inout_ LPGUID ActivityId);

/* EventDataDescCreate: point the descriptor at the data, which stay until they are written. */
WDK_INLINE VOID EventDataDescCreate(_Out_ PEVENT_DATA_DESCRIPTOR EventDataDescriptor,
                                    _In_reads_bytes_(DataSize) const VOID* DataPtr,
                                    _In_ ULONG DataSize) {
  EventDataDescriptor->Ptr = (ULONGLONG)(ULONG_PTR)DataPtr;
  EventDataDescriptor->Size = DataSize;
  EventDataDescriptor->Reserved = 0;
}

/* EventDescCreate: fill in an event's descriptor. */
WDK_INLINE VOID EventDescCreate(_Out_ PEVENT_DESCRIPTOR EventDescriptor, _In_ USHORT Id,
                                _In_ UCHAR Version, _In_ UCHAR Channel, _In_ UCHAR Level,
                                _In_ USHORT Task, _In_ UCHAR Opcode, _In_ ULONGLONG Keyword) {
  EventDescriptor->Id = Id;
  EventDescriptor->Version = Version;
  EventDescriptor->Channel = Channel;
  EventDescriptor->Level = Level;
  EventDescriptor->Opcode = Opcode;
  EventDescriptor->Task = Task;
  EventDescriptor->Keyword = Keyword;
}

EXTERN_C_END
