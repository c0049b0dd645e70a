/*
 * io_device.h: work items, devices, symbolic links, the driver's registry key, the running
 * thread. IRPs and MDLs are in io.h.
 */
#pragma once

#include <wdm/io_types.h>

EXTERN_C_START

/* Work items. */

/*
 * IoAllocateWorkItem: allocate a work item that belongs to a device.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The item, or NULL.
 * Page     ddi/wdm/nf-wdm-ioallocateworkitem
 */
NTKERNELAPI PIO_WORKITEM IoAllocateWorkItem(_In_ PDEVICE_OBJECT DeviceObject);

/*
 * IoFreeWorkItem: free a work item that is not queued. Its own routine may do so.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iofreeworkitem
 */
NTKERNELAPI VOID IoFreeWorkItem(_In_ PIO_WORKITEM IoWorkItem);

/*
 * IoSizeofWorkItem: how many bytes a work item takes, for IoInitializeWorkItem.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iosizeofworkitem
 */
NTKERNELAPI ULONG IoSizeofWorkItem(VOID);

/*
 * IoInitializeWorkItem: make memory of the driver a work item; IoUninitializeWorkItem before it
 * goes.
 *
 *   IoObject  The driver or device object it belongs to.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-ioinitializeworkitem
 */
NTKERNELAPI VOID IoInitializeWorkItem(_In_ PVOID IoObject, _Out_ PIO_WORKITEM IoWorkItem);
NTKERNELAPI VOID IoUninitializeWorkItem(_In_ PIO_WORKITEM IoWorkItem);

/*
 * IoQueueWorkItem: run WorkerRoutine soon on a system thread; until it returns the driver stays
 * loaded. The item can be queued again once the routine runs.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-ioqueueworkitem
 */
NTKERNELAPI VOID IoQueueWorkItem(_In_ PIO_WORKITEM IoWorkItem,
                                 _In_ PIO_WORKITEM_ROUTINE WorkerRoutine,
                                 _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);
NTKERNELAPI VOID IoQueueWorkItemEx(_In_ PIO_WORKITEM IoWorkItem,
                                   _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                   _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

/*
 * IoTryQueueWorkItem: IoQueueWorkItemEx, if the item is not queued already.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  TRUE: queued by this call.
 */
NTKERNELAPI BOOLEAN IoTryQueueWorkItem(_In_ PIO_WORKITEM IoWorkItem,
                                       _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                       _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

/* Devices and drivers. */

/*
 * IoCreateDevice: make a device object with DeviceExtensionSize bytes, zeroed, behind
 * DeviceExtension.
 *
 *   DeviceName             Where to find it, or NULL.
 *   DeviceCharacteristics  FILE_DEVICE_SECURE_OPEN, mostly.
 *
 * IRQL     <= APC_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_COLLISION,
 *          STATUS_OBJECT_NAME_EXISTS.
 * Page     ddi/wdm/nf-wdm-iocreatedevice
 */
NTKERNELAPI NTSTATUS IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject,
                                    _In_ ULONG DeviceExtensionSize,
                                    _In_opt_ PUNICODE_STRING DeviceName,
                                    _In_ DEVICE_TYPE DeviceType, _In_ ULONG DeviceCharacteristics,
                                    _In_ BOOLEAN Exclusive, _Out_ PDEVICE_OBJECT* DeviceObject);

/*
 * IoDeleteDevice: remove a device; its memory goes with the last reference.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-iodeletedevice
 */
NTKERNELAPI VOID IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject);

/*
 * IoCreateSymbolicLink: give a device another name, such as \??\Name.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or why not.
 * Page     ddi/wdm/nf-wdm-iocreatesymboliclink
 */
NTKERNELAPI NTSTATUS IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                          _In_ PUNICODE_STRING DeviceName);

/*
 * IoDeleteSymbolicLink: take that name away.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS, or why not.
 * Page     ddi/wdm/nf-wdm-iodeletesymboliclink
 */
NTKERNELAPI NTSTATUS IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);

/*
 * IoAllocateDriverObjectExtension: memory that belongs to the driver object and goes with it, under
 * a key that is an address of the driver.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES; STATUS_OBJECT_NAME_COLLISION: the key is
 *          taken.
 * Page     ddi/wdm/nf-wdm-ioallocatedriverobjectextension
 */
NTKERNELAPI NTSTATUS IoAllocateDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                     _In_ PVOID ClientIdentificationAddress,
                                                     _In_ ULONG DriverObjectExtensionSize,
                                                     _Out_ PVOID* DriverObjectExtension);

/*
 * IoGetDriverObjectExtension: find that memory.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  It, or NULL.
 * Page     ddi/wdm/nf-wdm-iogetdriverobjectextension
 */
NTKERNELAPI PVOID IoGetDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                             _In_ PVOID ClientIdentificationAddress);

/*
 * IoAttachDeviceToDeviceStack: put SourceDevice on top of TargetDevice's stack; IoDetachDevice
 * takes it off.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The device that was on top, to be called next; NULL: failed.
 * Page     ddi/wdm/nf-wdm-ioattachdevicetodevicestack
 */
NTKERNELAPI PDEVICE_OBJECT IoAttachDeviceToDeviceStack(_In_ PDEVICE_OBJECT SourceDevice,
                                                       _In_ PDEVICE_OBJECT TargetDevice);
NTKERNELAPI VOID IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice);

/*
 * IoGetAttachedDevice: the device on top of the stack that DeviceObject is in. The second form
 * gives it a reference, which ObDereferenceObject ends.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntifs/nf-ntifs-iogetattacheddevice, ddi/wdm/nf-wdm-iogetattacheddevicereference
 */
NTKERNELAPI PDEVICE_OBJECT IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI PDEVICE_OBJECT IoGetAttachedDeviceReference(_In_ PDEVICE_OBJECT DeviceObject);

/*
 * IoGetRelatedDeviceObject: where requests for an open file go, the top of its device's stack.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-iogetrelateddeviceobject
 */
NTKERNELAPI PDEVICE_OBJECT IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject);

/*
 * IoGetDeviceObjectPointer: open the device of that name, or behind that link, and have the top of
 * its stack. Its driver gets IRP_MJ_CREATE and at once IRP_MJ_CLEANUP, and IRP_MJ_CLOSE when
 * ObDereferenceObject ends the reference to FileObject. Until then the driver is not unloaded.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_SYNTAX_BAD;
 *          STATUS_NO_SUCH_DEVICE: it takes no requests yet, or no more; or what its driver answers.
 * Page     ddi/wdm/nf-wdm-iogetdeviceobjectpointer
 */
NTKERNELAPI NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName,
                                              _In_ ACCESS_MASK DesiredAccess,
                                              _Out_ PFILE_OBJECT* FileObject,
                                              _Out_ PDEVICE_OBJECT* DeviceObject);

/*
 * IoRegisterShutdownNotification: have an IRP_MJ_SHUTDOWN sent to the device's stack when the
 * system goes down, which unloads no driver. IoUnregisterShutdownNotification takes all such
 * registrations of the device back.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS.
 * Page     ddi/wdm/nf-wdm-ioregistershutdownnotification
 * Windows  Here the system goes down with the runtime, whose drivers were mostly unloaded before.
 */
NTKERNELAPI NTSTATUS IoRegisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
NTKERNELAPI VOID IoUnregisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);

typedef enum _DRIVER_REGKEY_TYPE {
  DriverRegKeyParameters = 0,
  DriverRegKeyPersistentState,
  DriverRegKeySharedPersistentState
} DRIVER_REGKEY_TYPE,
    *PDRIVER_REGKEY_TYPE;

/*
 * IoOpenDriverRegistryKey: open a registry key of this driver.
 *
 *   RegKeyType    DriverRegKeyParameters: where its configuration is.
 *   Flags         0.
 *   DriverRegKey  Set to a kernel handle; ZwClose closes it.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER, STATUS_ACCESS_DENIED,
 *          STATUS_OBJECT_NAME_NOT_FOUND.
 * Page     ddi/wdm/nf-wdm-ioopendriverregistrykey
 */
NTKERNELAPI NTSTATUS IoOpenDriverRegistryKey(_In_ PDRIVER_OBJECT DriverObject,
                                             _In_ DRIVER_REGKEY_TYPE RegKeyType,
                                             _In_ ACCESS_MASK DesiredAccess, _In_ ULONG Flags,
                                             _Out_ PHANDLE DriverRegKey);

/* The running thread. */

/*
 * IoGetCurrentProcess: the process of the running thread.
 *
 * IRQL     any
 * Returns  Opaque; the same for all of a driver's threads.
 * Page     ddi/wdm/nf-wdm-iogetcurrentprocess
 */
NTKERNELAPI PEPROCESS IoGetCurrentProcess(VOID);

/*
 * IoGetInitialStack: where the running thread's stack begins.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-iogetinitialstack
 */
NTKERNELAPI PVOID IoGetInitialStack(VOID);

/*
 * IoGetStackLimits: the lowest and highest address of the stack this runs on.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iogetstacklimits
 */
NTKERNELAPI VOID IoGetStackLimits(_Out_ PULONG_PTR LowLimit, _Out_ PULONG_PTR HighLimit);

/*
 * IoGetRemainingStackSize: how many bytes of the stack are left.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-iogetremainingstacksize
 */
NTKERNELAPI ULONG_PTR IoGetRemainingStackSize(VOID);

/*
 * IoGetRequestorProcess: the process that began the request.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  Opaque, or NULL.
 * Page     ddi/ntifs/nf-ntifs-iogetrequestorprocess
 */
NTKERNELAPI PEPROCESS IoGetRequestorProcess(_In_ PIRP Irp);

EXTERN_C_END
