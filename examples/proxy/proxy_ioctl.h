/*
 * proxy_ioctl.h: what programs send to the proxy's device, \\.\Proxy. For the driver and for them.
 *
 * A rule belongs to the handle it was added with and ends when that is closed, so nothing is left
 * of a program that dies. All codes are METHOD_BUFFERED.
 */
#pragma once

#define PROXY_CODE(Function, Access) \
  CTL_CODE(FILE_DEVICE_NETWORK, 0x800 + (Function), METHOD_BUFFERED, Access)

/*
 * In: PROXY_RULE, out: PROXY_RULE_ADDED. From then on who connects to Listen is connected to
 * Target. A Listen without a port gets one that is free.
 *
 * Ends with STATUS_INVALID_PARAMETER: no address of IPv4 or IPv6; or what WskBind says.
 */
#define IOCTL_PROXY_ADD_RULE PROXY_CODE(0, FILE_WRITE_ACCESS)

/*
 * In: ULONG, the rule's id. Ends with the rule: its connections are broken and gone by then.
 * STATUS_NOT_FOUND: there is no such rule.
 */
#define IOCTL_PROXY_REMOVE_RULE PROXY_CODE(1, FILE_WRITE_ACCESS)

/* Out: PROXY_STATISTICS, since the driver was started. */
#define IOCTL_PROXY_QUERY_STATISTICS PROXY_CODE(2, FILE_READ_ACCESS)

/*
 * Out: PROXY_CONNECTION_LIST, of all rules. STATUS_BUFFER_OVERFLOW: there are more of them than
 * fit; Total says how many.
 */
#define IOCTL_PROXY_LIST_CONNECTIONS PROXY_CODE(3, FILE_READ_ACCESS)

typedef struct _PROXY_RULE {
  SOCKADDR_INET Listen;
  SOCKADDR_INET Target;
} PROXY_RULE, *PPROXY_RULE;

typedef struct _PROXY_RULE_ADDED {
  ULONG Id;
  SOCKADDR_INET Listen; /* With its port. */
} PROXY_RULE_ADDED, *PPROXY_RULE_ADDED;

typedef struct _PROXY_STATISTICS {
  LONGLONG Accepted;
  LONGLONG Refused;        /* There were too many, or no memory. */
  LONGLONG ConnectsFailed; /* The target did not answer. */
  LONGLONG Ended;          /* Both sides said that no more comes. */
  LONGLONG Broken;
  LONGLONG BytesToTargets;
  LONGLONG BytesToClients;
} PROXY_STATISTICS, *PPROXY_STATISTICS;

typedef enum _PROXY_STATE {
  ProxyConnecting,
  ProxyConnected,
  ProxyClientEnded, /* One side sends no more. */
  ProxyTargetEnded,
  ProxyClosing
} PROXY_STATE;

typedef struct _PROXY_CONNECTION {
  ULONG RuleId;
  ULONG State; /* PROXY_STATE */
  SOCKADDR_INET Client;
  SOCKADDR_INET Target;
  ULONGLONG BytesToTarget;
  ULONGLONG BytesToClient;
} PROXY_CONNECTION, *PPROXY_CONNECTION;

typedef struct _PROXY_CONNECTION_LIST {
  ULONG Total;
  ULONG Count; /* In Connections. */
  PROXY_CONNECTION Connections[1];
} PROXY_CONNECTION_LIST, *PPROXY_CONNECTION_LIST;
