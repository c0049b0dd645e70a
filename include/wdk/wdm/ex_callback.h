/*
 * ex_callback.h: callback objects: a name under which drivers call each other.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

typedef struct _CALLBACK_OBJECT* PCALLBACK_OBJECT;

/*
 * CALLBACK_FUNCTION: called by ExNotifyCallback.
 *
 * IRQL     That of the notifier, <= DISPATCH_LEVEL
 */
_Function_class_(CALLBACK_FUNCTION) typedef VOID NTAPI
    CALLBACK_FUNCTION(_In_opt_ PVOID CallbackContext, _In_opt_ PVOID Argument1,
                      _In_opt_ PVOID Argument2);
typedef CALLBACK_FUNCTION* PCALLBACK_FUNCTION;

/*
 * ExCreateCallback: open a callback object, or make one. ObDereferenceObject ends the reference.
 *
 *   ObjectAttributes        With a name, such as \Callback\Mine.
 *   Create                  TRUE: make it if there is none.
 *   AllowMultipleCallbacks  Of an object that is made: more than one function may be registered.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_OBJECT_NAME_NOT_FOUND; STATUS_UNSUCCESSFUL: no name.
 * Page     ddi/wdm/nf-wdm-excreatecallback
 */
NTKERNELAPI NTSTATUS ExCreateCallback(_Out_ PCALLBACK_OBJECT* CallbackObject,
                                      _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ BOOLEAN Create,
                                      _In_ BOOLEAN AllowMultipleCallbacks);

/*
 * ExRegisterCallback: have CallbackFunction called at each notification.
 *
 * IRQL     <= APC_LEVEL
 * Returns  What ExUnregisterCallback takes; NULL: the object allows only one function and has it.
 * Page     ddi/wdm/nf-wdm-exregistercallback
 */
NTKERNELAPI PVOID ExRegisterCallback(_Inout_ PCALLBACK_OBJECT CallbackObject,
                                     _In_ PCALLBACK_FUNCTION CallbackFunction,
                                     _In_opt_ PVOID CallbackContext);

/*
 * ExUnregisterCallback: end that. Waits until the function has returned where it runs; so not from
 * the function itself.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exunregistercallback
 */
NTKERNELAPI VOID ExUnregisterCallback(_Inout_ PVOID CallbackRegistration);

/*
 * ExNotifyCallback: call all registered functions, in the order of their registration.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exnotifycallback
 */
NTKERNELAPI VOID ExNotifyCallback(_In_ PVOID CallbackObject, _In_opt_ PVOID Argument1,
                                  _In_opt_ PVOID Argument2);

EXTERN_C_END
