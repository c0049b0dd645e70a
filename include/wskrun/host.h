/*
 * host.h: a WSK driver inside an ordinary program. The wskrun command, tests and fuzzers create a
 * runtime, load a driver into it, let it work, unload it and ask what it left behind. What drivers
 * themselves include is in include/wdk; this is the other side.
 *
 * Plain C, usable from C++. Every function may be called from any thread, but not two at once for
 * one runtime; wskrun_statistics_now, wskrun_status_name and the functions on devices and requests
 * are free of that rule. Strings are UTF-8. Structures that a caller fills start with their own
 * size, so that they can grow; a field of zero always means the default:
 *
 *   wskrun_options options = {.size = sizeof options, .transport = "epoll"};
 *   wskrun_error error;
 *   wskrun_runtime* runtime = wskrun_runtime_create(&options, &error);
 *   wskrun_image image = {.size = sizeof image, .path = "./echo.so"};
 *   wskrun_driver* driver = wskrun_driver_load(runtime, &image, &error);
 *   ...
 *   wskrun_report* leftovers = NULL;
 *   wskrun_driver_unload(driver, &leftovers, &error);
 *   wskrun_report_free(leftovers);
 *   wskrun_runtime_destroy(runtime);
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WSKRUN_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wskrun_result {
  WSKRUN_OK = 0,
  WSKRUN_BAD_ARGUMENT,       /* The caller's: an unknown transport name, a size from nowhere. */
  WSKRUN_BUSY,               /* There is a runtime in this process already. */
  WSKRUN_NO_TRANSPORT,       /* The kernel does not allow the transport that was asked for. */
  WSKRUN_LOAD_FAILED,        /* No such file, not a driver, or a symbol that wskrun lacks. */
  WSKRUN_DRIVER_REFUSED,     /* DriverEntry returned an error; it is in wskrun_error.status. */
  WSKRUN_CANNOT_BE_UNLOADED, /* The driver set no DriverUnload, so it stays, as on Windows. */
  WSKRUN_IN_USE,             /* A device of the driver is open. */
  WSKRUN_OPEN_FAILED,        /* No such device, or the driver refused; see wskrun_error.status. */
} wskrun_result;

/* How a call ended. `text` names a failure's cause and, where there is one, the mend. */
typedef struct wskrun_error {
  wskrun_result result;
  int32_t status; /* What DriverEntry returned, also when it succeeded, or why a device was not */
                  /* opened. Else 0. */
  char text[1024];
} wskrun_error;

/* ---- the runtime ---------------------------------------------------------------------------- */

typedef struct wskrun_runtime wskrun_runtime;

/* The IRQL at which WSK calls event callbacks and completes IRPs. Drivers must bear both. */
typedef enum wskrun_delivery {
  WSKRUN_DELIVER_AT_DISPATCH_LEVEL = 0, /* As Windows does most of the time. */
  WSKRUN_DELIVER_AT_PASSIVE_LEVEL,
} wskrun_delivery;

/*
 * How calls of the driver's end that Windows may end either way: before they return, or after
 * STATUS_PENDING on another thread. Drivers must bear both.
 */
typedef enum wskrun_completion {
  WSKRUN_COMPLETE_NATURALLY = 0, /* As it comes. */
  WSKRUN_COMPLETE_INLINE,        /* Before the call returns, wherever it ends soon. A call waits */
                                 /* for that only at PASSIVE_LEVEL. */
  WSKRUN_COMPLETE_PENDING,       /* Always after STATUS_PENDING. */
  WSKRUN_COMPLETE_RANDOMLY,      /* One of the three for each call, drawn from completion_seed. */
} wskrun_completion;

/* What the runtime does where Microsoft's pages say one thing and Windows was seen to do another.
 */
typedef enum wskrun_compat {
  WSKRUN_AS_DOCUMENTED = 0,
  WSKRUN_AS_WINDOWS,
} wskrun_compat;

/* When a WskSend completes. */
typedef enum wskrun_send_completion {
  WSKRUN_SENT_TO_KERNEL = 0, /* The kernel has taken all its bytes. */
  WSKRUN_SENT_TO_PEER,       /* The peer has acknowledged them. */
} wskrun_send_completion;

typedef enum wskrun_log_level {
  WSKRUN_LOG_TRACE = 1,
  WSKRUN_LOG_DEBUG,
  WSKRUN_LOG_INFO,
  WSKRUN_LOG_WARNING,
  WSKRUN_LOG_ERROR,
} wskrun_log_level;

/*
 * Takes the lines that would go to standard error. `source` is "wskrun" for the runtime itself, or
 * says that the driver printed it (DbgPrint). Called from any thread, one call at a time; it must
 * not call back into the runtime. Neither text ends with zero or newline: use the lengths.
 */
typedef void (*wskrun_log_sink)(void* context, wskrun_log_level level, const char* source,
                                size_t source_length, const char* text, size_t text_length);

typedef struct wskrun_options {
  size_t size;           /* sizeof(wskrun_options) */
  const char* transport; /* "uring", "epoll"; NULL or "auto": uring where it is allowed. */
  unsigned processors;   /* Loop threads, each an NT processor. 0: as many as the host has. */
  wskrun_delivery delivery;
  size_t receive_memory_bytes; /* Bound for received memory that drivers retain. 0: 256 MiB. */
  int linux_6_1_only;          /* Not 0: uring leaves alone what came after Linux 6.1. */
  wskrun_log_level log_level;  /* Lines below it are dropped. 0: WSKRUN_LOG_INFO. */
  wskrun_log_sink log_sink;    /* NULL: standard error. */
  void* log_context;
  wskrun_completion completion;
  uint64_t completion_seed;
  wskrun_compat compat;
  wskrun_send_completion send_completion;
  unsigned provider_delay_ms; /* WSK can be captured only so long after the start. */
} wskrun_options;

/*
 * Starts the executive, the loops and the WSK subsystem. `options` and `error` may be NULL. One at
 * a time in a process, any number one after the other. NULL: `error` says why.
 *
 * From now until wskrun_runtime_destroy this program may also call the WDK's functions itself: a
 * thread of its own is a system thread at PASSIVE_LEVEL.
 */
WSKRUN_API wskrun_runtime* wskrun_runtime_create(const wskrun_options* options,
                                                 wskrun_error* error);

/*
 * Tells drivers that the system goes down: IRP_MJ_SHUTDOWN for the devices that were registered
 * with IoRegisterShutdownNotification. Waits for their drivers. wskrun_runtime_destroy does so
 * first; this is for programs that end without it, because a driver cannot be unloaded.
 */
WSKRUN_API void wskrun_runtime_shut_down(wskrun_runtime* runtime);

/*
 * Stops everything; NULL does nothing. Drivers must have been unloaded, unless they cannot be.
 * Devices that are still open are closed, as at the end of a process that has them. If
 * one still holds sockets, IRPs or the WSK provider nothing can be stopped: that is logged, and
 * the runtime goes on.
 */
WSKRUN_API void wskrun_runtime_destroy(wskrun_runtime* runtime);

/* "uring" or "epoll": which one it became. */
WSKRUN_API const char* wskrun_runtime_transport(const wskrun_runtime* runtime);
WSKRUN_API unsigned wskrun_runtime_processors(const wskrun_runtime* runtime);

/* ---- drivers -------------------------------------------------------------------------------- */

typedef struct wskrun_driver wskrun_driver;

/* DRIVER_INITIALIZE, without wdm.h: a DriverEntry converts to it. */
struct _DRIVER_OBJECT;
struct _UNICODE_STRING;
typedef int32_t (*wskrun_driver_entry)(struct _DRIVER_OBJECT* driver_object,
                                       struct _UNICODE_STRING* registry_path);

/*
 * A value in the driver's registry key, the one that DriverEntry gets the path of. A backslash in
 * `name` leads into a subkey: "Parameters\\Port". With text NULL it is the number: REG_DWORD, or
 * REG_QWORD beyond 32 bits; otherwise REG_SZ.
 */
typedef struct wskrun_parameter {
  const char* name;
  const char* text;
  uint64_t number;
} wskrun_parameter;

/* Either a file, or the DriverEntry of a driver that is linked into this program. */
typedef struct wskrun_image {
  size_t size;               /* sizeof(wskrun_image) */
  const char* path;          /* The driver's shared object. */
  wskrun_driver_entry entry; /* With path NULL. */
  const char* name;          /* The service's name. NULL: the file's name without ".so". */
  const wskrun_parameter* parameters;
  size_t parameter_count;
} wskrun_image;

/*
 * Loads the driver and calls its DriverEntry at PASSIVE_LEVEL, in the calling thread. Everything in
 * `image` is copied. NULL: `error` says why, and nothing of the driver remains.
 */
WSKRUN_API wskrun_driver* wskrun_driver_load(wskrun_runtime* runtime, const wskrun_image* image,
                                             wskrun_error* error);

/* ---- what is held --------------------------------------------------------------------------- */

typedef enum wskrun_kind {
  WSKRUN_IRP,
  WSKRUN_MDL,
  WSKRUN_POOL,
  WSKRUN_THREAD,
  WSKRUN_TIMER,
  WSKRUN_WORK_ITEM,
  WSKRUN_SOCKET,
  WSKRUN_ADDRESS_LIST,        /* Of WskGetAddressInfo. */
  WSKRUN_SECURITY_DESCRIPTOR, /* Of WSK_CACHE_SD or SO_WSK_SECURITY. */
  WSKRUN_TRACE_PROVIDER,      /* Of EtwRegister or TraceLoggingRegister. */
} wskrun_kind;

/* Something allocated and not given back. The strings live as long as the report. */
typedef struct wskrun_holding {
  wskrun_kind kind;
  const char* kind_name; /* "IRP", "MDL", "pool", "thread", "timer", "work item", "socket", */
                         /* "address list", "security descriptor" */
  const void* address;
  size_t size_bytes;
  char tag[5];       /* Pool only: as in the source, 'ohcE' reads "Echo". */
  const char* place; /* Who allocated it: "echo.so: start+0x12 (echo.c:81)". "": not known. */
} wskrun_holding;

typedef struct wskrun_report wskrun_report;

/*
 * Calls DriverUnload at PASSIVE_LEVEL, in the calling thread, and takes the driver away. If
 * `leftovers` is not NULL it gets a report of what drivers still hold, possibly empty; free it. A
 * driver that left something behind stays mapped, since its code may still be called.
 * WSKRUN_CANNOT_BE_UNLOADED, WSKRUN_IN_USE: the driver goes on as before, and *leftovers is NULL.
 */
WSKRUN_API wskrun_result wskrun_driver_unload(wskrun_driver* driver, wskrun_report** leftovers,
                                              wskrun_error* error);

/* What drivers, and this program through the WDK's functions, hold at this moment. */
WSKRUN_API wskrun_report* wskrun_runtime_holdings(wskrun_runtime* runtime);

WSKRUN_API size_t wskrun_report_count(const wskrun_report* report);
WSKRUN_API const wskrun_holding* wskrun_report_entry(const wskrun_report* report, size_t index);
WSKRUN_API void wskrun_report_free(wskrun_report* report);

/* ---- devices -------------------------------------------------------------------------------- */

/*
 * A handle on a driver's device, and a request on it: this program as a process of user mode, the
 * runtime as the I/O manager.
 *
 *   wskrun_device* device = wskrun_device_open(runtime, "\\\\.\\Echo", &error);
 *   size_t bytes;
 *   int32_t status = wskrun_request_end(wskrun_device_read(device, text, sizeof text, 0), &bytes);
 *   wskrun_device_close(device);
 *
 * Requests are for any thread, any number at a time.
 */
typedef struct wskrun_device wskrun_device;
typedef struct wskrun_request wskrun_request;

/*
 * Sends IRP_MJ_CREATE and waits for the driver. `name` is the name of a symbolic link, "\\.\Echo"
 * or "Echo", or a path of the object manager, "\Device\Echo"; what stands behind the device's name
 * goes to the driver as FILE_OBJECT.FileName. NULL: `error` says why.
 */
WSKRUN_API wskrun_device* wskrun_device_open(wskrun_runtime* runtime, const char* name,
                                             wskrun_error* error);

/*
 * Cancels what pends, sends IRP_MJ_CLEANUP, waits until the driver has completed every request, and
 * sends IRP_MJ_CLOSE; the latter comes later where the driver holds a reference to the FILE_OBJECT.
 * Nothing else may be called on the device any more; its requests still have to be ended. NULL does
 * nothing.
 */
WSKRUN_API void wskrun_device_close(wskrun_device* device);

/*
 * Begin a request: IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_DEVICE_CONTROL. Never NULL. The driver's
 * dispatch routine runs in the calling thread, at PASSIVE_LEVEL. How the buffers reach it the
 * device says (DO_BUFFERED_IO, DO_DIRECT_IO), or the control code; until the request is complete
 * they stay where they are. Of buffers of 4 GiB and more the driver sees less than that.
 */
WSKRUN_API wskrun_request* wskrun_device_read(wskrun_device* device, void* buffer, size_t size,
                                              int64_t offset);
WSKRUN_API wskrun_request* wskrun_device_write(wskrun_device* device, const void* buffer,
                                               size_t size, int64_t offset);
WSKRUN_API wskrun_request* wskrun_device_ioctl(wskrun_device* device, uint32_t control_code,
                                               const void* input, size_t input_size, void* output,
                                               size_t output_size);

/* Waits until the request is complete, at most so long; UINT_MAX is for ever. 0: it is not. */
WSKRUN_API int wskrun_request_wait(wskrun_request* request, unsigned timeout_ms);

/* Asks the driver to end the request soon. It may still succeed. */
WSKRUN_API void wskrun_request_cancel(wskrun_request* request);

/*
 * Waits until the request is complete and frees it. Returns IoStatus.Status; `information`, unless
 * NULL, gets IoStatus.Information. STATUS_ACCESS_VIOLATION may also say that the buffers
 * are not there, and the driver was not called.
 */
WSKRUN_API int32_t wskrun_request_end(wskrun_request* request, size_t* information);

/* ---- numbers and names ---------------------------------------------------------------------- */

/* Totals since the process started. Any thread, at any time. */
typedef struct wskrun_statistics {
  uint64_t connections_opened;
  uint64_t connections_closed;
  uint64_t bytes_received;
  uint64_t bytes_sent;
  uint64_t callbacks; /* WSK event callbacks into drivers. */
  uint64_t irps_completed;
  uint64_t mistakes; /* What drivers did wrong; each was also logged. */
} wskrun_statistics;

WSKRUN_API void wskrun_statistics_now(wskrun_statistics* statistics);

/* "STATUS_INSUFFICIENT_RESOURCES", or NULL for a value without a name. */
WSKRUN_API const char* wskrun_status_name(int32_t status);

/* "0.1.0" */
WSKRUN_API const char* wskrun_version(void);

#ifdef __cplusplus
}
#endif
