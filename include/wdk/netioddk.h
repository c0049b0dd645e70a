/*
 * netioddk.h: the Network Module Registrar: how network modules find each other by the id of the
 * interface (NPI) one offers and the other wants. wsk.h's WskRegister family does this for WSK
 * clients.
 */
#pragma once

#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef GUID NPIID;
typedef CONST NPIID* PNPIID;

typedef enum _NPI_MODULEID_TYPE { MIT_GUID = 1, MIT_IF_LUID = 2 } NPI_MODULEID_TYPE;

typedef struct _NPI_MODULEID {
  USHORT Length;
  NPI_MODULEID_TYPE Type;
  union {
    GUID Guid;
    LUID IfLuid;
  };
} NPI_MODULEID;
typedef CONST NPI_MODULEID* PNPI_MODULEID;

typedef struct _NPI_REGISTRATION_INSTANCE {
  USHORT Version;
  USHORT Size;
  PNPIID NpiId;
  PNPI_MODULEID ModuleId;
  ULONG Number;
  CONST VOID* NpiSpecificCharacteristics;
} NPI_REGISTRATION_INSTANCE;
typedef CONST NPI_REGISTRATION_INSTANCE* PNPI_REGISTRATION_INSTANCE;

typedef NTSTATUS(NTAPI NPI_CLIENT_ATTACH_PROVIDER_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance);
typedef NPI_CLIENT_ATTACH_PROVIDER_FN* PNPI_CLIENT_ATTACH_PROVIDER_FN;

typedef NTSTATUS(NTAPI NPI_CLIENT_DETACH_PROVIDER_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_DETACH_PROVIDER_FN* PNPI_CLIENT_DETACH_PROVIDER_FN;

typedef VOID(NTAPI NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN* PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN;

typedef struct _NPI_CLIENT_CHARACTERISTICS {
  USHORT Version;
  USHORT Length;
  PNPI_CLIENT_ATTACH_PROVIDER_FN ClientAttachProvider;
  PNPI_CLIENT_DETACH_PROVIDER_FN ClientDetachProvider;
  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN ClientCleanupBindingContext;
  NPI_REGISTRATION_INSTANCE ClientRegistrationInstance;
} NPI_CLIENT_CHARACTERISTICS;
typedef CONST NPI_CLIENT_CHARACTERISTICS* PNPI_CLIENT_CHARACTERISTICS;

typedef NTSTATUS(NTAPI NPI_PROVIDER_ATTACH_CLIENT_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
    _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance, _In_ PVOID ClientBindingContext,
    _In_ CONST VOID* ClientDispatch, _Out_ PVOID* ProviderBindingContext,
    _Out_ CONST VOID** ProviderDispatch);
typedef NPI_PROVIDER_ATTACH_CLIENT_FN* PNPI_PROVIDER_ATTACH_CLIENT_FN;

typedef NTSTATUS(NTAPI NPI_PROVIDER_DETACH_CLIENT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_DETACH_CLIENT_FN* PNPI_PROVIDER_DETACH_CLIENT_FN;

typedef VOID(NTAPI NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN* PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN;

typedef struct _NPI_PROVIDER_CHARACTERISTICS {
  USHORT Version;
  USHORT Length;
  PNPI_PROVIDER_ATTACH_CLIENT_FN ProviderAttachClient;
  PNPI_PROVIDER_DETACH_CLIENT_FN ProviderDetachClient;
  PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN ProviderCleanupBindingContext;
  NPI_REGISTRATION_INSTANCE ProviderRegistrationInstance;
} NPI_PROVIDER_CHARACTERISTICS;
typedef CONST NPI_PROVIDER_CHARACTERISTICS* PNPI_PROVIDER_CHARACTERISTICS;

NTKERNELAPI NTSTATUS NTAPI NmrRegisterClient(
    _In_ PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics, _In_opt_ PVOID ClientContext,
    _Out_ PHANDLE NmrClientHandle);
NTKERNELAPI NTSTATUS NTAPI NmrDeregisterClient(_In_ HANDLE NmrClientHandle);
NTKERNELAPI NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(_In_ HANDLE NmrClientHandle);
NTKERNELAPI NTSTATUS NTAPI NmrClientAttachProvider(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ClientBindingContext, _In_ CONST VOID* ClientDispatch,
    _Out_ PVOID* ProviderBindingContext, _Out_ CONST VOID** ProviderDispatch);
NTKERNELAPI VOID NTAPI NmrClientDetachProviderComplete(_In_ HANDLE NmrBindingHandle);
NTKERNELAPI NTSTATUS NTAPI NmrRegisterProvider(
    _In_ PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics, _In_opt_ PVOID ProviderContext,
    _Out_ PHANDLE NmrProviderHandle);
NTKERNELAPI NTSTATUS NTAPI NmrDeregisterProvider(_In_ HANDLE NmrProviderHandle);
NTKERNELAPI NTSTATUS NTAPI NmrWaitForProviderDeregisterComplete(_In_ HANDLE NmrProviderHandle);
NTKERNELAPI VOID NTAPI NmrProviderDetachClientComplete(_In_ HANDLE NmrBindingHandle);

C_ASSERT(sizeof(NPI_MODULEID) == 24 && sizeof(NPI_REGISTRATION_INSTANCE) == 40);
C_ASSERT(sizeof(NPI_CLIENT_CHARACTERISTICS) == 72 && sizeof(NPI_PROVIDER_CHARACTERISTICS) == 72);

#ifdef __cplusplus
}
#endif
