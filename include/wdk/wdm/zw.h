/*
 * zw.h: system services: handles, threads' information, the registry; and RtlQueryRegistryValues,
 * which reads several registry values at once.
 */
#pragma once

#include <wdm/ps.h>
#include <wdm/types.h>

EXTERN_C_START

#define NtCurrentProcess() ((HANDLE)(LONG_PTR)-1)
#define ZwCurrentProcess() NtCurrentProcess()
#define NtCurrentThread() ((HANDLE)(LONG_PTR)-2)
#define ZwCurrentThread() NtCurrentThread()

/*
 * ZwClose: close a handle.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_HANDLE.
 * Page     ddi/ntifs/nf-ntifs-ntclose
 */
NTSYSAPI NTSTATUS ZwClose(_In_ HANDLE Handle);

/*
 * ZwWaitForSingleObject: KeWaitForSingleObject for a handle of a thread or an event.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  As KeWaitForSingleObject; STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH: it cannot
 *          be waited for.
 * Page     ddi/ntifs/nf-ntifs-zwwaitforsingleobject
 */
NTSYSAPI NTSTATUS ZwWaitForSingleObject(_In_ HANDLE Handle, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout);

/*
 * ZwCreateEvent: an event that is named by a handle, which ZwClose ends; ObReferenceObjectByHandle
 * with *ExEventObjectType gives the KEVENT.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER_4: no such EventType;
 *          STATUS_INSUFFICIENT_RESOURCES; STATUS_NOT_SUPPORTED: ObjectAttributes has a name.
 * Page     ddi/ntifs/nf-ntifs-zwcreateevent
 * Windows  Events may have names there.
 */
NTSYSAPI NTSTATUS ZwCreateEvent(_Out_ PHANDLE EventHandle, _In_ ACCESS_MASK DesiredAccess,
                                _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                _In_ EVENT_TYPE EventType, _In_ BOOLEAN InitialState);

/*
 * ZwSetEvent: KeSetEvent for a handle.
 *
 *   PreviousState  Set to the state before, when not NULL.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH.
 * Page     ddi/ntifs/nf-ntifs-zwsetevent
 */
NTSYSAPI NTSTATUS ZwSetEvent(_In_ HANDLE EventHandle, _Out_opt_ PLONG PreviousState);

/*
 * ZwSetInformationThread: change something about a thread.
 *
 *   ThreadInformationClass  ThreadPriority (a KPRIORITY, 1 to 31), ThreadBasePriority (a LONG,
 * added to the process's), ThreadAffinityMask (a KAFFINITY), ThreadGroupInformation (a
 * GROUP_AFFINITY), ThreadIdealProcessorEx (a PROCESSOR_NUMBER, set to the one before),
 * ThreadNameInformation.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INFO_LENGTH_MISMATCH: not the size of that;
 * STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH; STATUS_INVALID_PARAMETER: no such value.
 *          STATUS_INVALID_INFO_CLASS: any other class.
 * Page     ddi/ntddk/nf-ntddk-zwsetinformationthread
 * Windows  Priorities and the ideal processor are stored only: Linux schedules. There are more
 *          classes.
 */
NTSYSAPI NTSTATUS ZwSetInformationThread(_In_ HANDLE ThreadHandle,
                                         _In_ THREADINFOCLASS ThreadInformationClass,
                                         _In_ PVOID ThreadInformation,
                                         _In_ ULONG ThreadInformationLength);

/*
 * ZwQueryInformationThread: ask something about a thread.
 *
 *   ThreadInformationClass  ThreadPriority and ThreadActualBasePriority (a KPRIORITY),
 *                           ThreadGroupInformation, ThreadIdealProcessorEx.
 *   ReturnLength            Set to the size of the answer, when not NULL.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  As ZwSetInformationThread.
 * Windows  There are more classes; Windows does not answer ThreadPriority.
 */
NTSYSAPI NTSTATUS ZwQueryInformationThread(_In_ HANDLE ThreadHandle,
                                           _In_ THREADINFOCLASS ThreadInformationClass,
                                           _Out_ PVOID ThreadInformation,
                                           _In_ ULONG ThreadInformationLength,
                                           _Out_opt_ PULONG ReturnLength);

/* Registry. */
#define KEY_QUERY_VALUE 0x0001
#define KEY_SET_VALUE 0x0002
#define KEY_CREATE_SUB_KEY 0x0004
#define KEY_ENUMERATE_SUB_KEYS 0x0008
#define KEY_NOTIFY 0x0010
#define KEY_CREATE_LINK 0x0020
#define KEY_WOW64_32KEY 0x0200
#define KEY_WOW64_64KEY 0x0100
#define KEY_READ \
  ((STANDARD_RIGHTS_READ | KEY_QUERY_VALUE | KEY_ENUMERATE_SUB_KEYS | KEY_NOTIFY) & (~SYNCHRONIZE))
#define KEY_WRITE ((STANDARD_RIGHTS_WRITE | KEY_SET_VALUE | KEY_CREATE_SUB_KEY) & (~SYNCHRONIZE))
#define KEY_EXECUTE (KEY_READ & ~SYNCHRONIZE)
#define KEY_ALL_ACCESS                                                           \
  ((STANDARD_RIGHTS_ALL | KEY_QUERY_VALUE | KEY_SET_VALUE | KEY_CREATE_SUB_KEY | \
    KEY_ENUMERATE_SUB_KEYS | KEY_NOTIFY | KEY_CREATE_LINK) &                     \
   (~SYNCHRONIZE))

#define REG_OPTION_NON_VOLATILE 0x00000000
#define REG_OPTION_VOLATILE 0x00000001
#define REG_CREATED_NEW_KEY 0x00000001
#define REG_OPENED_EXISTING_KEY 0x00000002

#define REG_NONE 0
#define REG_SZ 1
#define REG_EXPAND_SZ 2
#define REG_BINARY 3
#define REG_DWORD 4
#define REG_DWORD_LITTLE_ENDIAN 4
#define REG_DWORD_BIG_ENDIAN 5
#define REG_LINK 6
#define REG_MULTI_SZ 7
#define REG_RESOURCE_LIST 8
#define REG_FULL_RESOURCE_DESCRIPTOR 9
#define REG_RESOURCE_REQUIREMENTS_LIST 10
#define REG_QWORD 11
#define REG_QWORD_LITTLE_ENDIAN 11

typedef enum _KEY_INFORMATION_CLASS {
  KeyBasicInformation,
  KeyNodeInformation,
  KeyFullInformation,
  KeyNameInformation
} KEY_INFORMATION_CLASS;

typedef enum _KEY_VALUE_INFORMATION_CLASS {
  KeyValueBasicInformation,
  KeyValueFullInformation,
  KeyValuePartialInformation,
  KeyValueFullInformationAlign64,
  KeyValuePartialInformationAlign64
} KEY_VALUE_INFORMATION_CLASS;

typedef struct _KEY_BASIC_INFORMATION {
  LARGE_INTEGER LastWriteTime;
  ULONG TitleIndex;
  ULONG NameLength;
  WCHAR Name[1];
} KEY_BASIC_INFORMATION, *PKEY_BASIC_INFORMATION;

typedef struct _KEY_VALUE_BASIC_INFORMATION {
  ULONG TitleIndex;
  ULONG Type;
  ULONG NameLength;
  WCHAR Name[1];
} KEY_VALUE_BASIC_INFORMATION, *PKEY_VALUE_BASIC_INFORMATION;

typedef struct _KEY_VALUE_FULL_INFORMATION {
  ULONG TitleIndex;
  ULONG Type;
  ULONG DataOffset;
  ULONG DataLength;
  ULONG NameLength;
  WCHAR Name[1];
} KEY_VALUE_FULL_INFORMATION, *PKEY_VALUE_FULL_INFORMATION;

typedef struct _KEY_VALUE_PARTIAL_INFORMATION {
  ULONG TitleIndex;
  ULONG Type;
  ULONG DataLength;
  UCHAR Data[1];
} KEY_VALUE_PARTIAL_INFORMATION, *PKEY_VALUE_PARTIAL_INFORMATION;

C_ASSERT(FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) == 12);
C_ASSERT(FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name) == 20);

/*
 * ZwOpenKey: open a registry key; ZwClose closes it.
 *
 *   ObjectAttributes  Its path, whole or below RootDirectory.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_OBJECT_NAME_NOT_FOUND, STATUS_ACCESS_DENIED,
 *          STATUS_INVALID_HANDLE.
 * Page     ddi/wdm/nf-wdm-zwopenkey
 */
NTSYSAPI NTSTATUS ZwOpenKey(_Out_ PHANDLE KeyHandle, _In_ ACCESS_MASK DesiredAccess,
                            _In_ POBJECT_ATTRIBUTES ObjectAttributes);

/*
 * ZwCreateKey: open a registry key, and make it when there is none.
 *
 *   TitleIndex     0.
 *   Class          NULL.
 *   CreateOptions  REG_OPTION_NON_VOLATILE, REG_OPTION_VOLATILE.
 *   Disposition    Set to REG_CREATED_NEW_KEY or REG_OPENED_EXISTING_KEY.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  As ZwOpenKey.
 * Page     ddi/wdm/nf-wdm-zwcreatekey
 */
NTSYSAPI NTSTATUS ZwCreateKey(_Out_ PHANDLE KeyHandle, _In_ ACCESS_MASK DesiredAccess,
                              _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ ULONG TitleIndex,
                              _In_opt_ PUNICODE_STRING Class, _In_ ULONG CreateOptions,
                              _Out_opt_ PULONG Disposition);

/*
 * ZwQueryValueKey: read a value.
 *
 *   ValueName                 Empty: the key's default value.
 *   KeyValueInformationClass  KeyValuePartialInformation: type and data.
 *   ResultLength              Set to the bytes there are, also when there is not enough room.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_BUFFER_OVERFLOW: the head and part of the data;
 *          STATUS_BUFFER_TOO_SMALL: nothing; STATUS_OBJECT_NAME_NOT_FOUND: no such value.
 * Page     ddi/wdm/nf-wdm-zwqueryvaluekey
 */
NTSYSAPI NTSTATUS ZwQueryValueKey(_In_ HANDLE KeyHandle, _In_ PUNICODE_STRING ValueName,
                                  _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                  _Out_opt_ PVOID KeyValueInformation, _In_ ULONG Length,
                                  _Out_ PULONG ResultLength);

/*
 * ZwSetValueKey: write a value.
 *
 *   Type  REG_DWORD, REG_SZ, ...; a string's DataSize counts its zero.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_ACCESS_DENIED, STATUS_INVALID_HANDLE.
 * Page     ddi/wdm/nf-wdm-zwsetvaluekey
 */
NTSYSAPI NTSTATUS ZwSetValueKey(_In_ HANDLE KeyHandle, _In_ PUNICODE_STRING ValueName,
                                _In_opt_ ULONG TitleIndex, _In_ ULONG Type, _In_opt_ PVOID Data,
                                _In_ ULONG DataSize);

/*
 * ZwDeleteValueKey: remove a value.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_OBJECT_NAME_NOT_FOUND.
 * Page     ddi/wdm/nf-wdm-zwdeletevaluekey
 */
NTSYSAPI NTSTATUS ZwDeleteValueKey(_In_ HANDLE KeyHandle, _In_ PUNICODE_STRING ValueName);

/*
 * ZwDeleteKey: remove a key without subkeys.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_CANNOT_DELETE.
 * Page     ddi/wdm/nf-wdm-zwdeletekey
 */
NTSYSAPI NTSTATUS ZwDeleteKey(_In_ HANDLE KeyHandle);

/*
 * ZwEnumerateKey: the subkey with that index, from 0 on; ZwEnumerateValueKey: the value.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_NO_MORE_ENTRIES; STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL
 *          as ZwQueryValueKey.
 * Page     ddi/wdm/nf-wdm-zwenumeratekey
 */
NTSYSAPI NTSTATUS ZwEnumerateKey(_In_ HANDLE KeyHandle, _In_ ULONG Index,
                                 _In_ KEY_INFORMATION_CLASS KeyInformationClass,
                                 _Out_opt_ PVOID KeyInformation, _In_ ULONG Length,
                                 _Out_ PULONG ResultLength);
NTSYSAPI NTSTATUS ZwEnumerateValueKey(_In_ HANDLE KeyHandle, _In_ ULONG Index,
                                      _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                      _Out_opt_ PVOID KeyValueInformation, _In_ ULONG Length,
                                      _Out_ PULONG ResultLength);

/*
 * RTL_QUERY_REGISTRY_ROUTINE: called for each value that RtlQueryRegistryValues finds.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: go on. Anything else ends the query with it.
 * Page     ddi/wdm/nc-wdm-rtl_query_registry_routine
 */
_Function_class_(RTL_QUERY_REGISTRY_ROUTINE) typedef NTSTATUS NTAPI
    RTL_QUERY_REGISTRY_ROUTINE(_In_ PWSTR ValueName, _In_ ULONG ValueType, _In_opt_ PVOID ValueData,
                               _In_ ULONG ValueLength, _In_opt_ PVOID Context,
                               _In_opt_ PVOID EntryContext);
typedef RTL_QUERY_REGISTRY_ROUTINE* PRTL_QUERY_REGISTRY_ROUTINE;

typedef struct _RTL_QUERY_REGISTRY_TABLE {
  PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
  ULONG Flags;
  PWSTR Name;
  PVOID EntryContext;
  ULONG DefaultType;
  PVOID DefaultData;
  ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;

C_ASSERT(sizeof(RTL_QUERY_REGISTRY_TABLE) == 0x38);

#define RTL_QUERY_REGISTRY_SUBKEY 0x00000001
#define RTL_QUERY_REGISTRY_TOPKEY 0x00000002
#define RTL_QUERY_REGISTRY_REQUIRED 0x00000004
#define RTL_QUERY_REGISTRY_NOVALUE 0x00000008
#define RTL_QUERY_REGISTRY_NOEXPAND 0x00000010
#define RTL_QUERY_REGISTRY_DIRECT 0x00000020
#define RTL_QUERY_REGISTRY_DELETE 0x00000040
#define RTL_QUERY_REGISTRY_NOSTRING 0x00000080
#define RTL_QUERY_REGISTRY_TYPECHECK 0x00000100
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define RTL_QUERY_REGISTRY_TYPECHECK_MASK (0xffu << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)

#define RTL_REGISTRY_ABSOLUTE 0
#define RTL_REGISTRY_SERVICES 1
#define RTL_REGISTRY_CONTROL 2
#define RTL_REGISTRY_WINDOWS_NT 3
#define RTL_REGISTRY_DEVICEMAP 4
#define RTL_REGISTRY_USER 5
#define RTL_REGISTRY_HANDLE 0x40000000
#define RTL_REGISTRY_OPTIONAL 0x80000000

/*
 * RtlQueryRegistryValues: read several values of a key.
 *
 *   RelativeTo  RTL_REGISTRY_xxx: what Path starts from. RTL_REGISTRY_HANDLE: Path is a key's
 *               handle.
 *   QueryTable  Ends with an entry of no routine and no name. With RTL_QUERY_REGISTRY_DIRECT the
 *               value goes to EntryContext (use RTL_QUERY_REGISTRY_TYPECHECK too).
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER; STATUS_OBJECT_NAME_NOT_FOUND: no such key, or
 *          a required value; STATUS_BUFFER_TOO_SMALL; a routine's status.
 * Page     ddi/wdm/nf-wdm-rtlqueryregistryvalues
 */
NTSYSAPI NTSTATUS RtlQueryRegistryValues(_In_ ULONG RelativeTo, _In_ PCWSTR Path,
                                         _Inout_ PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                         _In_opt_ PVOID Context, _In_opt_ PVOID Environment);

/*
 * RtlWriteRegistryValue: write a value; RtlDeleteRegistryValue removes one, RtlCheckRegistryKey
 * looks for a key.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or why not.
 * Page     ddi/wdm/nf-wdm-rtlwriteregistryvalue
 */
NTSYSAPI NTSTATUS RtlWriteRegistryValue(_In_ ULONG RelativeTo, _In_ PCWSTR Path,
                                        _In_ PCWSTR ValueName, _In_ ULONG ValueType,
                                        _In_opt_ PVOID ValueData, _In_ ULONG ValueLength);
NTSYSAPI NTSTATUS RtlDeleteRegistryValue(_In_ ULONG RelativeTo, _In_ PCWSTR Path,
                                         _In_ PCWSTR ValueName);
NTSYSAPI NTSTATUS RtlCheckRegistryKey(_In_ ULONG RelativeTo, _In_ PWSTR Path);

EXTERN_C_END
