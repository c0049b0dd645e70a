/*
 * netioddk.h: the Network Module Registrar (NMR): how network modules find each other by the id of
 * the interface (NPI) one provides and the other is a client of. wsk.h's WskRegister family does
 * this for WSK clients.
 *
 * A module registers its characteristics. For every client and provider of the same NPI the NMR
 * makes a binding: it calls ClientAttachProvider, which calls NmrClientAttachProvider, which calls
 * ProviderAttachClient. From then on the two talk to each other through the tables they exchanged.
 * When either deregisters, both are told to detach, and each binding's contexts are cleaned up when
 * both have. Everything a module registers stays in place until its deregistration is complete.
 *
 * Page     network/introduction-to-the-network-module-registrar
 */
#pragma once

#include <wdm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The id of an interface. Compared by value. */
typedef GUID NPIID;
typedef CONST NPIID* PNPIID;

/*
 * NPI_MODULEID: who a network module is.
 *
 *   Length  sizeof(NPI_MODULEID).
 *   Type    Which member of the union counts.
 *
 * Page     network/initializing-nmr-data-structures
 */
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

/*
 * NPI_REGISTRATION_INSTANCE: one side of an interface, as the other side sees it when attaching.
 *
 *   Version                     0.
 *   Size                        sizeof(NPI_REGISTRATION_INSTANCE).
 *   NpiId                       Which interface.
 *   ModuleId                    Who.
 *   Number                      0, unless the module has several implementations of the interface.
 *   NpiSpecificCharacteristics  What the interface defines, or NULL. WSK's provider has a
 *                               WSK_PROVIDER_CHARACTERISTICS here, its clients nothing.
 *
 * Page     ddi/netioddk/ns-netioddk-_npi_registration_instance
 */
typedef struct _NPI_REGISTRATION_INSTANCE {
  USHORT Version;
  USHORT Size;
  PNPIID NpiId;
  PNPI_MODULEID ModuleId;
  ULONG Number;
  CONST VOID* NpiSpecificCharacteristics;
} NPI_REGISTRATION_INSTANCE;
typedef CONST NPI_REGISTRATION_INSTANCE* PNPI_REGISTRATION_INSTANCE;

/*
 * ClientAttachProvider: a provider of the client's interface is there. Called for each, at the
 * client's registration or when the provider registers later. To attach, the client makes its
 * context, calls NmrClientAttachProvider and returns what that returned.
 *
 *   NmrBindingHandle  The binding. Kept for NmrClientDetachProviderComplete.
 *   ClientContext     From NmrRegisterClient.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: attached. STATUS_NOINTERFACE: not interested. Another: a failure.
 * Page     ddi/netioddk/nc-netioddk-npi_client_attach_provider_fn
 * Windows  No known difference.
 */
typedef NTSTATUS(NTAPI NPI_CLIENT_ATTACH_PROVIDER_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ClientContext,
    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance);
typedef NPI_CLIENT_ATTACH_PROVIDER_FN* PNPI_CLIENT_ATTACH_PROVIDER_FN;

/*
 * ClientDetachProvider: a binding comes to its end. Called once for each. No new call into the
 * provider begins after this.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS: no call into the provider is under way. STATUS_PENDING: some are; the
 *          client calls NmrClientDetachProviderComplete when they have returned.
 * Page     ddi/netioddk/nc-netioddk-npi_client_detach_provider_fn
 * Windows  No known difference.
 */
typedef NTSTATUS(NTAPI NPI_CLIENT_DETACH_PROVIDER_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_DETACH_PROVIDER_FN* PNPI_CLIENT_DETACH_PROVIDER_FN;

/*
 * ClientCleanupBindingContext: both sides have detached; the client frees its context of the
 * binding. Called once for each binding.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/netioddk/nc-netioddk-npi_client_cleanup_binding_context_fn
 * Windows  No known difference.
 */
typedef VOID(NTAPI NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN* PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN;

/*
 * NPI_CLIENT_CHARACTERISTICS: a client to the NMR.
 *
 *   Version                      0.
 *   Length                       sizeof(NPI_CLIENT_CHARACTERISTICS).
 *   ClientCleanupBindingContext  NULL if there is nothing to free.
 *
 * Page     ddi/netioddk/ns-netioddk-_npi_client_characteristics
 */
typedef struct _NPI_CLIENT_CHARACTERISTICS {
  USHORT Version;
  USHORT Length;
  PNPI_CLIENT_ATTACH_PROVIDER_FN ClientAttachProvider;
  PNPI_CLIENT_DETACH_PROVIDER_FN ClientDetachProvider;
  PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN ClientCleanupBindingContext;
  NPI_REGISTRATION_INSTANCE ClientRegistrationInstance;
} NPI_CLIENT_CHARACTERISTICS;
typedef CONST NPI_CLIENT_CHARACTERISTICS* PNPI_CLIENT_CHARACTERISTICS;

/*
 * ProviderAttachClient: a client wants to attach, and has called NmrClientAttachProvider. To
 * agree, the provider keeps the client's context and table and returns its own.
 *
 *   NmrBindingHandle        The binding. Kept for NmrProviderDetachClientComplete.
 *   ProviderContext         From NmrRegisterProvider.
 *   ClientBindingContext    The client's context and table, which stay while they are attached.
 *   ClientDispatch
 *   ProviderBindingContext  Get the provider's, which stay as long.
 *   ProviderDispatch
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: attached. STATUS_NOINTERFACE: declined. Another: a failure.
 * Page     ddi/netioddk/nc-netioddk-npi_provider_attach_client_fn
 * Windows  No known difference.
 */
typedef NTSTATUS(NTAPI NPI_PROVIDER_ATTACH_CLIENT_FN)(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ProviderContext,
    _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance, _In_ PVOID ClientBindingContext,
    _In_ CONST VOID* ClientDispatch, _Out_ PVOID* ProviderBindingContext,
    _Out_ CONST VOID** ProviderDispatch);
typedef NPI_PROVIDER_ATTACH_CLIENT_FN* PNPI_PROVIDER_ATTACH_CLIENT_FN;

/*
 * ProviderDetachClient: a binding comes to its end. No new call into the client begins after this.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS: no callback of the client runs. STATUS_PENDING: some do; the provider
 *          calls NmrProviderDetachClientComplete when they have returned.
 * Page     ddi/netioddk/nc-netioddk-npi_provider_detach_client_fn
 * Windows  No known difference.
 */
typedef NTSTATUS(NTAPI NPI_PROVIDER_DETACH_CLIENT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_DETACH_CLIENT_FN* PNPI_PROVIDER_DETACH_CLIENT_FN;

/*
 * ProviderCleanupBindingContext: both sides have detached; the provider frees its context of the
 * binding. Called once for each binding.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/netioddk/nc-netioddk-npi_provider_cleanup_binding_context_fn
 * Windows  No known difference.
 */
typedef VOID(NTAPI NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN* PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN;

/*
 * NPI_PROVIDER_CHARACTERISTICS: a provider to the NMR.
 *
 *   Version                        0.
 *   Length                         sizeof(NPI_PROVIDER_CHARACTERISTICS).
 *   ProviderCleanupBindingContext  NULL if there is nothing to free.
 *
 * Page     ddi/netioddk/ns-netioddk-_npi_provider_characteristics
 */
typedef struct _NPI_PROVIDER_CHARACTERISTICS {
  USHORT Version;
  USHORT Length;
  PNPI_PROVIDER_ATTACH_CLIENT_FN ProviderAttachClient;
  PNPI_PROVIDER_DETACH_CLIENT_FN ProviderDetachClient;
  PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN ProviderCleanupBindingContext;
  NPI_REGISTRATION_INSTANCE ProviderRegistrationInstance;
} NPI_PROVIDER_CHARACTERISTICS;
typedef CONST NPI_PROVIDER_CHARACTERISTICS* PNPI_PROVIDER_CHARACTERISTICS;

/*
 * NmrRegisterClient: become a client of an interface. ClientAttachProvider is called, before this
 * returns, for every provider that is there already.
 *
 *   ClientCharacteristics  Stays, with all it points to, until the deregistration is complete.
 *   ClientContext          Handed to ClientAttachProvider.
 *   NmrClientHandle        Gets the registration.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: NmrDeregisterClient is due. STATUS_INSUFFICIENT_RESOURCES.
 * Page     ddi/netioddk/nf-netioddk-nmrregisterclient
 * Windows  No known difference.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI
NmrRegisterClient(_In_ PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics,
                  _In_opt_ PVOID ClientContext, _Out_ PHANDLE NmrClientHandle);

/*
 * NmrDeregisterClient: begin to stop being one: both sides of every binding are told to detach.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_PENDING: NmrWaitForClientDeregisterComplete is due, before the driver unloads.
 * Page     ddi/netioddk/nf-netioddk-nmrderegisterclient
 * Windows  No known difference. A valid handle is answered with STATUS_PENDING also where nothing
 *          was attached; the page names no other success.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI NmrDeregisterClient(_In_ HANDLE NmrClientHandle);

/*
 * NmrWaitForClientDeregisterComplete: wait until both sides of every binding have detached and
 * cleaned up. The handle is gone afterwards.
 *
 * IRQL     < DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: not a client's handle, or not deregistered.
 * Page     ddi/netioddk/nf-netioddk-nmrwaitforclientderegistercomplete
 * Windows  No known difference.
 */
NTKERNELAPI NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(_In_ HANDLE NmrClientHandle);

/*
 * NmrClientAttachProvider: attach, from within ClientAttachProvider. Calls ProviderAttachClient.
 * After STATUS_NOINTERFACE it may be called again, with a table of another version.
 *
 *   NmrBindingHandle        From ClientAttachProvider.
 *   ClientBindingContext    The client's context of this binding and its table (for WSK a
 *   ClientDispatch          WSK_CLIENT_DISPATCH). They stay while attached; after a failure no
 *                           cleanup callback comes for them.
 *   ProviderBindingContext  Get the provider's: for WSK the PWSK_CLIENT and the
 *   ProviderDispatch        WSK_PROVIDER_DISPATCH.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  What ProviderAttachClient returned: STATUS_SUCCESS, STATUS_NOINTERFACE, another.
 *          STATUS_INVALID_PARAMETER: an output is NULL.
 * Page     ddi/netioddk/nf-netioddk-nmrclientattachprovider
 * Windows  No known difference.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI NmrClientAttachProvider(
    _In_ HANDLE NmrBindingHandle, _In_ PVOID ClientBindingContext, _In_ CONST VOID* ClientDispatch,
    _Out_ PVOID* ProviderBindingContext, _Out_ CONST VOID** ProviderDispatch);

/*
 * NmrClientDetachProviderComplete: the calls that made ClientDetachProvider return STATUS_PENDING
 * have returned. Once, and only then.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/netioddk/nf-netioddk-nmrclientdetachprovidercomplete
 * Windows  No known difference.
 */
NTKERNELAPI VOID NTAPI NmrClientDetachProviderComplete(_In_ HANDLE NmrBindingHandle);

/*
 * NmrRegisterProvider: become a provider of an interface. The clients that are there are offered
 * the provider before this returns.
 *
 *   ProviderCharacteristics  Stays, with all it points to, until the deregistration is complete.
 *   ProviderContext          Handed to ProviderAttachClient.
 *   NmrProviderHandle        Gets the registration.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS: NmrDeregisterProvider is due. STATUS_INSUFFICIENT_RESOURCES.
 * Page     ddi/netioddk/nf-netioddk-nmrregisterprovider
 * Windows  No known difference.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI
NmrRegisterProvider(_In_ PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
                    _In_opt_ PVOID ProviderContext, _Out_ PHANDLE NmrProviderHandle);

/*
 * NmrDeregisterProvider: begin to stop being one: both sides of every binding are told to detach.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_PENDING: NmrWaitForProviderDeregisterComplete is due, before the driver unloads.
 * Page     ddi/netioddk/nf-netioddk-nmrderegisterprovider
 * Windows  No known difference, as for NmrDeregisterClient.
 */
_Must_inspect_result_ NTKERNELAPI NTSTATUS NTAPI
NmrDeregisterProvider(_In_ HANDLE NmrProviderHandle);

/*
 * NmrWaitForProviderDeregisterComplete: wait until both sides of every binding have detached and
 * cleaned up. The handle is gone afterwards.
 *
 * IRQL     < DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: not a provider's handle, or not deregistered.
 * Page     ddi/netioddk/nf-netioddk-nmrwaitforproviderderegistercomplete
 * Windows  No known difference.
 */
NTKERNELAPI NTSTATUS NTAPI NmrWaitForProviderDeregisterComplete(_In_ HANDLE NmrProviderHandle);

/*
 * NmrProviderDetachClientComplete: the callbacks that made ProviderDetachClient return
 * STATUS_PENDING have returned. Once, and only then.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/netioddk/nf-netioddk-nmrproviderdetachclientcomplete
 * Windows  No known difference.
 */
NTKERNELAPI VOID NTAPI NmrProviderDetachClientComplete(_In_ HANDLE NmrBindingHandle);

C_ASSERT(sizeof(NPI_MODULEID) == 24 && sizeof(NPI_REGISTRATION_INSTANCE) == 40);
C_ASSERT(sizeof(NPI_CLIENT_CHARACTERISTICS) == 72 && sizeof(NPI_PROVIDER_CHARACTERISTICS) == 72);

#ifdef __cplusplus
}
#endif
