/*
 * winsock_kernel/registration.h: how a driver becomes a WSK client and stops being one. client.h
 * has what it can do in between.
 */
#pragma once

#include <winsock_kernel/dispatch.h>

#ifdef __cplusplus
extern "C" {
#endif

extern NTKERNELAPI CONST NPIID NPI_WSK_INTERFACE_ID;

#define WSK_NO_WAIT 0
#define WSK_INFINITE_WAIT 0xffffffff

typedef struct _WSK_CLIENT_NPI {
  PVOID ClientContext;
  CONST WSK_CLIENT_DISPATCH* Dispatch;
} WSK_CLIENT_NPI, *PWSK_CLIENT_NPI;

typedef struct _WSK_PROVIDER_NPI {
  PWSK_CLIENT Client;
  CONST WSK_PROVIDER_DISPATCH* Dispatch;
} WSK_PROVIDER_NPI, *PWSK_PROVIDER_NPI;

typedef struct _WSK_PROVIDER_CHARACTERISTICS {
  USHORT HighestVersion;
  USHORT LowestVersion;
} WSK_PROVIDER_CHARACTERISTICS, *PWSK_PROVIDER_CHARACTERISTICS;

typedef struct _WSK_REGISTRATION {
  ULONGLONG ReservedRegistrationState;
  PVOID ReservedRegistrationContext;
  KSPIN_LOCK ReservedRegistrationLock;
} WSK_REGISTRATION, *PWSK_REGISTRATION;

NTKERNELAPI NTSTATUS WSKAPI
WskRegister(_In_ PWSK_CLIENT_NPI WskClientNpi, _Out_ PWSK_REGISTRATION WskRegistration);

NTKERNELAPI NTSTATUS WSKAPI WskCaptureProviderNPI(
    _In_ PWSK_REGISTRATION WskRegistration, _In_ ULONG WaitTimeout,
    _Out_ PWSK_PROVIDER_NPI WskProviderNpi);

NTKERNELAPI VOID WSKAPI WskReleaseProviderNPI(_In_ PWSK_REGISTRATION WskRegistration);

NTKERNELAPI NTSTATUS WSKAPI WskQueryProviderCharacteristics(
    _In_ PWSK_REGISTRATION WskRegistration,
    _Out_ PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics);

NTKERNELAPI VOID WSKAPI WskDeregister(_In_ PWSK_REGISTRATION WskRegistration);

C_ASSERT(sizeof(WSK_CLIENT_NPI) == 16 && sizeof(WSK_PROVIDER_NPI) == 16);
C_ASSERT(sizeof(WSK_PROVIDER_CHARACTERISTICS) == 4 && sizeof(WSK_REGISTRATION) == 24);

#ifdef __cplusplus
}
#endif
