/*
 * winsock_kernel/registration.h: how a driver becomes a WSK client and stops being one. client.h
 * has what it can do in between.
 *
 *   WskRegister            say which version of WSK the driver wants
 *   WskCaptureProviderNPI  wait for WSK, get its functions
 *   ...                    make sockets, use them, close all of them
 *   WskReleaseProviderNPI  once for each capture
 *   WskDeregister          before DriverUnload returns
 *
 * Page     network/registering-a-winsock-kernel-application
 */
#pragma once

#include <winsock_kernel/dispatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * NPI_WSK_INTERFACE_ID: the id of the WSK interface: what SO_WSK_EVENT_CALLBACK and a client of the
 * Network Module Registrar point to.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_event_callback_control
 */
extern NTKERNELAPI CONST NPIID NPI_WSK_INTERFACE_ID;

/* WaitTimeout of WskCaptureProviderNPI, beside a number of milliseconds. */
#define WSK_NO_WAIT 0
#define WSK_INFINITE_WAIT 0xffffffff

/*
 * WSK_CLIENT_NPI: the client to WSK. Read during WskRegister only; what Dispatch points to stays
 * until WskDeregister has returned.
 *
 *   ClientContext  Handed to WskClientEvent. May be NULL.
 *   Dispatch       The version wanted, and WskClientEvent.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_client_npi
 */
typedef struct _WSK_CLIENT_NPI {
  PVOID ClientContext;
  CONST WSK_CLIENT_DISPATCH* Dispatch;
} WSK_CLIENT_NPI, *PWSK_CLIENT_NPI;

/*
 * WSK_PROVIDER_NPI: WSK to the client: the first argument of the functions in Dispatch, and those.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_provider_npi
 */
typedef struct _WSK_PROVIDER_NPI {
  PWSK_CLIENT Client;
  CONST WSK_PROVIDER_DISPATCH* Dispatch;
} WSK_PROVIDER_NPI, *PWSK_PROVIDER_NPI;

/*
 * WSK_PROVIDER_CHARACTERISTICS: the versions WSK offers. Also what its registration with the
 * Network Module Registrar carries as NpiSpecificCharacteristics.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_provider_characteristics
 */
typedef struct _WSK_PROVIDER_CHARACTERISTICS {
  USHORT HighestVersion;
  USHORT LowestVersion;
} WSK_PROVIDER_CHARACTERISTICS, *PWSK_PROVIDER_CHARACTERISTICS;

/*
 * WSK_REGISTRATION: one registration, in the driver's memory, which stays until WskDeregister has
 * returned (longer, if another thread may still call WskCaptureProviderNPI). Its members are WSK's.
 *
 * Page     ddi/wsk/ns-wsk-_wsk_registration
 */
typedef struct _WSK_REGISTRATION {
  ULONGLONG ReservedRegistrationState;
  PVOID ReservedRegistrationContext;
  KSPIN_LOCK ReservedRegistrationLock;
} WSK_REGISTRATION, *PWSK_REGISTRATION;

/*
 * WskRegister: register a driver as a WSK client. It may do so more than once, each time with a
 * WSK_REGISTRATION of its own.
 *
 *   WskClientNpi     Read during the call.
 *   WskRegistration  Filled in; then given to the other functions here.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: one WskDeregister is due. Anything else: not registered.
 * Page     ddi/wsk/nf-wsk-wskregister
 * Windows  No known difference.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS WSKAPI
WskRegister(_In_ PWSK_CLIENT_NPI WskClientNpi, _Out_ PWSK_REGISTRATION WskRegistration);

/*
 * WskCaptureProviderNPI: wait for WSK to be there, and get its functions.
 *
 *   WaitTimeout     Milliseconds, WSK_NO_WAIT or WSK_INFINITE_WAIT. WskDeregister on another thread
 *                   ends the wait.
 *   WskProviderNpi  Filled in with STATUS_SUCCESS.
 *
 * IRQL     PASSIVE_LEVEL; <= DISPATCH_LEVEL with WSK_NO_WAIT
 * Returns  STATUS_SUCCESS: one WskReleaseProviderNPI is due. STATUS_DEVICE_NOT_READY: not there in
 *          time, or WskDeregister was called. STATUS_NOINTERFACE: WSK does not offer the version
 *          asked for.
 * Page     ddi/wsk/nf-wsk-wskcaptureprovidernpi
 * Windows  WSK is there from the start, so this does not wait.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS WSKAPI WskCaptureProviderNPI(
    _In_ PWSK_REGISTRATION WskRegistration, _In_ ULONG WaitTimeout,
    _Out_ PWSK_PROVIDER_NPI WskProviderNpi);

/*
 * WskReleaseProviderNPI: undo one WskCaptureProviderNPI. After the last one no function of
 * WSK_PROVIDER_DISPATCH is called; sockets stay usable until they are closed.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wsk/nf-wsk-wskreleaseprovidernpi
 * Windows  No known difference.
 */
NTKERNELAPI VOID WSKAPI WskReleaseProviderNPI(_In_ PWSK_REGISTRATION WskRegistration);

/*
 * WskQueryProviderCharacteristics: the range of versions WSK offers, for a client whose own was
 * answered with STATUS_NOINTERFACE.
 *
 *   WskProviderCharacteristics  Filled in with STATUS_SUCCESS.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_DEVICE_NOT_READY: WSK is not there.
 * Page     ddi/wsk/nf-wsk-wskqueryprovidercharacteristics
 * Windows  No known difference.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS WSKAPI WskQueryProviderCharacteristics(
    _In_ PWSK_REGISTRATION WskRegistration,
    _Out_ PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics);

/*
 * WskDeregister: undo WskRegister. Waits until every capture is released, every call into
 * WSK_PROVIDER_DISPATCH has returned, its Irps are completed and every socket of the client is
 * closed. So it is not called from a callback or completion routine of the client, where it would
 * wait for itself.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wsk/nf-wsk-wskderegister, network/unregistering-a-winsock-kernel-application
 * Windows  No known difference.
 */
NTKERNELAPI VOID WSKAPI WskDeregister(_In_ PWSK_REGISTRATION WskRegistration);

C_ASSERT(sizeof(WSK_CLIENT_NPI) == 16 && sizeof(WSK_PROVIDER_NPI) == 16);
C_ASSERT(sizeof(WSK_PROVIDER_CHARACTERISTICS) == 4 && sizeof(WSK_REGISTRATION) == 24);

#ifdef __cplusplus
}
#endif
