/*
 * ob.h: references to objects. ZwClose, for handles, is in zw.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

/*
 * ObReferenceObjectByHandle: the object behind a handle, with a reference that ObDereferenceObject
 * ends. The handle may be closed at once.
 *
 *   DesiredAccess      What for, SYNCHRONIZE for instance.
 *   ObjectType         What it must be, *PsThreadType for instance; NULL: anything.
 *   HandleInformation  NULL.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH;
 *          STATUS_ACCESS_DENIED.
 * Page     ddi/wdm/nf-wdm-obreferenceobjectbyhandle
 */
NTKERNELAPI NTSTATUS ObReferenceObjectByHandle(
    _In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
    _In_ KPROCESSOR_MODE AccessMode, _Out_ PVOID* Object,
    _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);
NTKERNELAPI NTSTATUS ObReferenceObjectByHandleWithTag(
    _In_ HANDLE Handle, _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
    _In_ KPROCESSOR_MODE AccessMode, _In_ ULONG Tag, _Out_ PVOID* Object,
    _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);

/*
 * ObReferenceObjectByPointer: a reference, if the object is of that type.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_OBJECT_TYPE_MISMATCH.
 * Page     ddi/wdm/nf-wdm-obreferenceobjectbypointer
 */
NTKERNELAPI NTSTATUS ObReferenceObjectByPointer(_In_ PVOID Object, _In_ ACCESS_MASK DesiredAccess,
                                                _In_opt_ POBJECT_TYPE ObjectType,
                                                _In_ KPROCESSOR_MODE AccessMode);

/*
 * ObfReferenceObject: one more reference. Write ObReferenceObject, ObDereferenceObject; a Tag only
 * helps debugging. With the last reference the object goes.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The references after; only for debugging.
 * Page     ddi/wdm/nf-wdm-obfreferenceobject
 */
NTKERNELAPI LONG_PTR ObfReferenceObject(_In_ PVOID Object);
NTKERNELAPI LONG_PTR ObfReferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);
NTKERNELAPI LONG_PTR ObfDereferenceObject(_In_ PVOID Object);
NTKERNELAPI LONG_PTR ObfDereferenceObjectWithTag(_In_ PVOID Object, _In_ ULONG Tag);

/*
 * ObDereferenceObjectDeferDelete: end a reference; should it be the last, the object goes later, on
 * another thread.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-obdereferenceobjectdeferdelete
 */
NTKERNELAPI VOID ObDereferenceObjectDeferDelete(_In_ PVOID Object);

/*
 * ObOpenObjectByPointer: a handle to an object.
 *
 *   PassedAccessState  NULL.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS, or why not.
 * Page     ddi/ntifs/nf-ntifs-obopenobjectbypointer
 */
NTKERNELAPI NTSTATUS ObOpenObjectByPointer(_In_ PVOID Object, _In_ ULONG HandleAttributes,
                                           _In_opt_ struct _ACCESS_STATE* PassedAccessState,
                                           _In_ ACCESS_MASK DesiredAccess,
                                           _In_opt_ POBJECT_TYPE ObjectType,
                                           _In_ KPROCESSOR_MODE AccessMode, _Out_ PHANDLE Handle);
/*
 * ObReferenceObjectSafe: a reference, unless the object is on its way out.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: referenced.
 * Page     ddi/wdm/nf-wdm-obreferenceobjectsafe
 */
NTKERNELAPI BOOLEAN ObReferenceObjectSafe(_In_ PVOID Object);

/*
 * ObCloseHandle: ZwClose for a handle of the kernel's.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  As ZwClose.
 * Page     ddi/wdm/nf-wdm-obclosehandle
 */
NTKERNELAPI NTSTATUS ObCloseHandle(_In_ HANDLE Handle, _In_ KPROCESSOR_MODE PreviousMode);
#define ObReferenceObjectByPointerWithTag(Object, DesiredAccess, ObjectType, AccessMode, Tag) \
  ((void)(Tag), ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode))
#define ObDereferenceObjectDeferDeleteWithTag(Object, Tag) \
  ((void)(Tag), ObDereferenceObjectDeferDelete(Object))
#define ObReferenceObject(Object) ObfReferenceObject(Object)
#define ObReferenceObjectWithTag(Object, Tag) ObfReferenceObjectWithTag(Object, Tag)
#define ObDereferenceObject(Object) ObfDereferenceObject(Object)
#define ObDereferenceObjectWithTag(Object, Tag) ObfDereferenceObjectWithTag(Object, Tag)

EXTERN_C_END
