/*
 * The x64 layouts of Windows, as read from public debug information: one line per size and offset.
 * The headers hold the most important of them themselves.
 */
#include <wdm.h>

#define SIZE(type, size) C_ASSERT(sizeof(type) == (size))
#define FIELD(type, field, offset) C_ASSERT(FIELD_OFFSET(type, field) == (offset))

SIZE(IRP, 0xd0);
FIELD(IRP, Type, 0x0);
FIELD(IRP, Size, 0x2);
FIELD(IRP, MdlAddress, 0x8);
FIELD(IRP, Flags, 0x10);
FIELD(IRP, AssociatedIrp, 0x18);
FIELD(IRP, ThreadListEntry, 0x20);
FIELD(IRP, IoStatus.Status, 0x30);
FIELD(IRP, IoStatus.Information, 0x38);
FIELD(IRP, RequestorMode, 0x40);
FIELD(IRP, PendingReturned, 0x41);
FIELD(IRP, StackCount, 0x42);
FIELD(IRP, CurrentLocation, 0x43);
FIELD(IRP, Cancel, 0x44);
FIELD(IRP, CancelIrql, 0x45);
FIELD(IRP, ApcEnvironment, 0x46);
FIELD(IRP, AllocationFlags, 0x47);
FIELD(IRP, UserIosb, 0x48);
FIELD(IRP, UserEvent, 0x50);
FIELD(IRP, Overlay, 0x58);
FIELD(IRP, CancelRoutine, 0x68);
FIELD(IRP, UserBuffer, 0x70);
FIELD(IRP, Tail.Overlay.DriverContext, 0x78);
FIELD(IRP, Tail.Overlay.Thread, 0x98);
FIELD(IRP, Tail.Overlay.AuxiliaryBuffer, 0xa0);
FIELD(IRP, Tail.Overlay.ListEntry, 0xa8);
FIELD(IRP, Tail.Overlay.CurrentStackLocation, 0xb8);
FIELD(IRP, Tail.Overlay.OriginalFileObject, 0xc0);

SIZE(IO_STACK_LOCATION, 0x48);
FIELD(IO_STACK_LOCATION, MajorFunction, 0x0);
FIELD(IO_STACK_LOCATION, MinorFunction, 0x1);
FIELD(IO_STACK_LOCATION, Flags, 0x2);
FIELD(IO_STACK_LOCATION, Control, 0x3);
FIELD(IO_STACK_LOCATION, Parameters, 0x8);
FIELD(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 0x8);
FIELD(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 0x10);
FIELD(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 0x18);
FIELD(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 0x20);
FIELD(IO_STACK_LOCATION, Parameters.Others.Argument1, 0x8);
FIELD(IO_STACK_LOCATION, Parameters.Others.Argument2, 0x10);
FIELD(IO_STACK_LOCATION, Parameters.Others.Argument3, 0x18);
FIELD(IO_STACK_LOCATION, Parameters.Others.Argument4, 0x20);
FIELD(IO_STACK_LOCATION, DeviceObject, 0x28);
FIELD(IO_STACK_LOCATION, FileObject, 0x30);
FIELD(IO_STACK_LOCATION, CompletionRoutine, 0x38);
FIELD(IO_STACK_LOCATION, Context, 0x40);

SIZE(MDL, 0x30);
FIELD(MDL, Next, 0x0);
FIELD(MDL, Size, 0x8);
FIELD(MDL, MdlFlags, 0xa);
FIELD(MDL, Process, 0x10);
FIELD(MDL, MappedSystemVa, 0x18);
FIELD(MDL, StartVa, 0x20);
FIELD(MDL, ByteCount, 0x28);
FIELD(MDL, ByteOffset, 0x2c);

SIZE(DISPATCHER_HEADER, 0x18);
FIELD(DISPATCHER_HEADER, Type, 0x0);
FIELD(DISPATCHER_HEADER, Size, 0x2);
FIELD(DISPATCHER_HEADER, SignalState, 0x4);
FIELD(DISPATCHER_HEADER, WaitListHead, 0x8);

SIZE(KEVENT, 0x18);

SIZE(KSEMAPHORE, 0x20);
FIELD(KSEMAPHORE, Limit, 0x18);

SIZE(KMUTEX, 0x38);
FIELD(KMUTEX, OwnerThread, 0x28);

SIZE(KTIMER, 0x40);
FIELD(KTIMER, DueTime, 0x18);
FIELD(KTIMER, TimerListEntry, 0x20);
FIELD(KTIMER, Dpc, 0x30);
FIELD(KTIMER, Processor, 0x38);
FIELD(KTIMER, Period, 0x3c);

SIZE(KDPC, 0x40);
FIELD(KDPC, Type, 0x0);
FIELD(KDPC, Importance, 0x1);
FIELD(KDPC, Number, 0x2);
FIELD(KDPC, DpcListEntry, 0x8);
FIELD(KDPC, ProcessorHistory, 0x10);
FIELD(KDPC, DeferredRoutine, 0x18);
FIELD(KDPC, DeferredContext, 0x20);
FIELD(KDPC, SystemArgument1, 0x28);
FIELD(KDPC, SystemArgument2, 0x30);
FIELD(KDPC, DpcData, 0x38);

SIZE(KSPIN_LOCK, 0x8);

SIZE(KSPIN_LOCK_QUEUE, 0x10);
FIELD(KSPIN_LOCK_QUEUE, Next, 0x0);
FIELD(KSPIN_LOCK_QUEUE, Lock, 0x8);

SIZE(KLOCK_QUEUE_HANDLE, 0x18);
FIELD(KLOCK_QUEUE_HANDLE, OldIrql, 0x10);

SIZE(FAST_MUTEX, 0x38);
FIELD(FAST_MUTEX, Count, 0x0);
FIELD(FAST_MUTEX, Owner, 0x8);
FIELD(FAST_MUTEX, Contention, 0x10);
FIELD(FAST_MUTEX, Event, 0x18);
FIELD(FAST_MUTEX, OldIrql, 0x30);

SIZE(ERESOURCE, 0x68);

SIZE(KAPC, 0x58);

SIZE(WORK_QUEUE_ITEM, 0x20);
FIELD(WORK_QUEUE_ITEM, WorkerRoutine, 0x10);
FIELD(WORK_QUEUE_ITEM, Parameter, 0x18);

SIZE(EX_RUNDOWN_REF, 0x8);

SIZE(LIST_ENTRY, 0x10);

SIZE(SINGLE_LIST_ENTRY, 0x8);

SIZE(UNICODE_STRING, 0x10);
FIELD(UNICODE_STRING, Length, 0x0);
FIELD(UNICODE_STRING, MaximumLength, 0x2);
FIELD(UNICODE_STRING, Buffer, 0x8);

SIZE(IO_STATUS_BLOCK, 0x10);

SIZE(SLIST_HEADER, 0x10);

SIZE(SLIST_ENTRY, 0x10);

SIZE(GENERAL_LOOKASIDE, 0x80);
FIELD(GENERAL_LOOKASIDE, ListHead, 0x0);
FIELD(GENERAL_LOOKASIDE, Depth, 0x10);
FIELD(GENERAL_LOOKASIDE, MaximumDepth, 0x12);
FIELD(GENERAL_LOOKASIDE, TotalAllocates, 0x14);
FIELD(GENERAL_LOOKASIDE, AllocateMisses, 0x18);
FIELD(GENERAL_LOOKASIDE, TotalFrees, 0x1c);
FIELD(GENERAL_LOOKASIDE, FreeMisses, 0x20);
FIELD(GENERAL_LOOKASIDE, Type, 0x24);
FIELD(GENERAL_LOOKASIDE, Tag, 0x28);
FIELD(GENERAL_LOOKASIDE, Size, 0x2c);
FIELD(GENERAL_LOOKASIDE, Allocate, 0x30);
FIELD(GENERAL_LOOKASIDE, Free, 0x38);

SIZE(NPAGED_LOOKASIDE_LIST, 0x80);

SIZE(PAGED_LOOKASIDE_LIST, 0x80);

SIZE(LOOKASIDE_LIST_EX, 0x60);

SIZE(DEVICE_OBJECT, 0x150);
FIELD(DEVICE_OBJECT, Type, 0x0);
FIELD(DEVICE_OBJECT, Size, 0x2);
FIELD(DEVICE_OBJECT, ReferenceCount, 0x4);
FIELD(DEVICE_OBJECT, DriverObject, 0x8);
FIELD(DEVICE_OBJECT, NextDevice, 0x10);
FIELD(DEVICE_OBJECT, AttachedDevice, 0x18);
FIELD(DEVICE_OBJECT, CurrentIrp, 0x20);
FIELD(DEVICE_OBJECT, Timer, 0x28);
FIELD(DEVICE_OBJECT, Flags, 0x30);
FIELD(DEVICE_OBJECT, Characteristics, 0x34);
FIELD(DEVICE_OBJECT, Vpb, 0x38);
FIELD(DEVICE_OBJECT, DeviceExtension, 0x40);
FIELD(DEVICE_OBJECT, DeviceType, 0x48);
FIELD(DEVICE_OBJECT, StackSize, 0x4c);
FIELD(DEVICE_OBJECT, Queue, 0x50);
FIELD(DEVICE_OBJECT, AlignmentRequirement, 0x98);
FIELD(DEVICE_OBJECT, DeviceQueue, 0xa0);
FIELD(DEVICE_OBJECT, Dpc, 0xc8);
FIELD(DEVICE_OBJECT, ActiveThreadCount, 0x108);
FIELD(DEVICE_OBJECT, SecurityDescriptor, 0x110);
FIELD(DEVICE_OBJECT, DeviceLock, 0x118);
FIELD(DEVICE_OBJECT, SectorSize, 0x130);
FIELD(DEVICE_OBJECT, DeviceObjectExtension, 0x138);

SIZE(DRIVER_OBJECT, 0x150);
FIELD(DRIVER_OBJECT, Type, 0x0);
FIELD(DRIVER_OBJECT, Size, 0x2);
FIELD(DRIVER_OBJECT, DeviceObject, 0x8);
FIELD(DRIVER_OBJECT, Flags, 0x10);
FIELD(DRIVER_OBJECT, DriverStart, 0x18);
FIELD(DRIVER_OBJECT, DriverSize, 0x20);
FIELD(DRIVER_OBJECT, DriverSection, 0x28);
FIELD(DRIVER_OBJECT, DriverExtension, 0x30);
FIELD(DRIVER_OBJECT, DriverName, 0x38);
FIELD(DRIVER_OBJECT, HardwareDatabase, 0x48);
FIELD(DRIVER_OBJECT, FastIoDispatch, 0x50);
FIELD(DRIVER_OBJECT, DriverInit, 0x58);
FIELD(DRIVER_OBJECT, DriverStartIo, 0x60);
FIELD(DRIVER_OBJECT, DriverUnload, 0x68);
FIELD(DRIVER_OBJECT, MajorFunction, 0x70);

SIZE(DRIVER_EXTENSION, 0x28);
FIELD(DRIVER_EXTENSION, DriverObject, 0x0);
FIELD(DRIVER_EXTENSION, AddDevice, 0x8);
FIELD(DRIVER_EXTENSION, Count, 0x10);
FIELD(DRIVER_EXTENSION, ServiceKeyName, 0x18);

SIZE(FILE_OBJECT, 0xd8);
FIELD(FILE_OBJECT, DeviceObject, 0x8);
FIELD(FILE_OBJECT, FsContext, 0x18);
FIELD(FILE_OBJECT, FsContext2, 0x20);
FIELD(FILE_OBJECT, Flags, 0x50);
FIELD(FILE_OBJECT, FileName, 0x58);
FIELD(FILE_OBJECT, Event, 0x98);

SIZE(OBJECT_ATTRIBUTES, 0x30);
FIELD(OBJECT_ATTRIBUTES, RootDirectory, 0x8);
FIELD(OBJECT_ATTRIBUTES, ObjectName, 0x10);
FIELD(OBJECT_ATTRIBUTES, Attributes, 0x18);

SIZE(RTL_AVL_TABLE, 0x68);

SIZE(RTL_GENERIC_TABLE, 0x48);

SIZE(KDEVICE_QUEUE, 0x28);

SIZE(WAIT_CONTEXT_BLOCK, 0x48);

SIZE(RTL_QUERY_REGISTRY_TABLE, 0x38);

SIZE(KWAIT_BLOCK, 0x30);

SIZE(GUID, 0x10);
FIELD(GUID, Data4, 0x8);

SIZE(CLIENT_ID, 0x10);

C_ASSERT(__alignof__(IRP) == 16 && __alignof__(DEVICE_OBJECT) == 16);
C_ASSERT(__alignof__(SLIST_HEADER) == 16 && __alignof__(SLIST_ENTRY) == 16);
C_ASSERT(__alignof__(GENERAL_LOOKASIDE) == 64);
C_ASSERT(IoSizeOfIrp(1) == 0x118 && IoSizeOfIrp(3) == 0x1A8);
C_ASSERT(WaitAll == 0 && WaitAny == 1 && KernelMode == 0 && UserMode == 1);
C_ASSERT(NotificationEvent == 0 && SynchronizationEvent == 1);
C_ASSERT(IoReadAccess == 0 && IoWriteAccess == 1 && IoModifyAccess == 2);
C_ASSERT(NonPagedPool == 0 && PagedPool == 1 && NonPagedPoolNx == 512);
C_ASSERT(Executive == 0 && UserRequest == 6 && NormalPagePriority == 16);
C_ASSERT(GenericEqual == 2 && DelayedWorkQueue == 1 && KeyValuePartialInformation == 2);
