// The tables that a driver calls WSK through, and the functions in them. Each function begins the
// request, checks what the driver passed and hands over; the file that has it is named beside it.
#pragma once

#include <wdm.h>
#include <wsk.h>

namespace wskrun::wsk {

extern const WSK_PROVIDER_DISPATCH kProviderDispatch;
extern const WSK_PROVIDER_BASIC_DISPATCH kBasicDispatch;
extern const WSK_PROVIDER_LISTEN_DISPATCH kListenDispatch;
extern const WSK_PROVIDER_DATAGRAM_DISPATCH kDatagramDispatch;
extern const WSK_PROVIDER_CONNECTION_DISPATCH kConnectionDispatch;
extern const WSK_PROVIDER_STREAM_DISPATCH kStreamDispatch;

// create.cc
NTSTATUS WSKAPI create_socket(PWSK_CLIENT Client, ADDRESS_FAMILY AddressFamily, USHORT SocketType,
                              ULONG Protocol, ULONG Flags, PVOID SocketContext,
                              const VOID* Dispatch, PEPROCESS OwningProcess, PETHREAD OwningThread,
                              PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp);
NTSTATUS WSKAPI create_connected_socket(PWSK_CLIENT Client, USHORT SocketType, ULONG Protocol,
                                        PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress,
                                        ULONG Flags, PVOID SocketContext,
                                        const WSK_CLIENT_CONNECTION_DISPATCH* Dispatch,
                                        PEPROCESS OwningProcess, PETHREAD OwningThread,
                                        PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp);

// client_control.cc
NTSTATUS WSKAPI control_client(PWSK_CLIENT Client, ULONG ControlCode, SIZE_T InputSize,
                               PVOID InputBuffer, SIZE_T OutputSize, PVOID OutputBuffer,
                               SIZE_T* OutputSizeReturned, PIRP Irp);

// address_info.cc
NTSTATUS WSKAPI get_address_info(PWSK_CLIENT Client, PUNICODE_STRING NodeName,
                                 PUNICODE_STRING ServiceName, ULONG NameSpace, GUID* Provider,
                                 PADDRINFOEXW Hints, PADDRINFOEXW* Result, PEPROCESS OwningProcess,
                                 PETHREAD OwningThread, PIRP Irp);
VOID WSKAPI free_address_info(PWSK_CLIENT Client, PADDRINFOEXW AddrInfo);

// name_info.cc
NTSTATUS WSKAPI get_name_info(PWSK_CLIENT Client, PSOCKADDR SockAddr, ULONG SockAddrLength,
                              PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName, ULONG Flags,
                              PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp);

// options.cc
NTSTATUS WSKAPI control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType,
                               ULONG ControlCode, ULONG Level, SIZE_T InputSize, PVOID InputBuffer,
                               SIZE_T OutputSize, PVOID OutputBuffer, SIZE_T* OutputSizeReturned,
                               PIRP Irp);

// socket.cc
NTSTATUS WSKAPI close_socket(PWSK_SOCKET Socket, PIRP Irp);

// listen_calls.cc
NTSTATUS WSKAPI listen_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI listen_accept(PWSK_SOCKET ListenSocket, ULONG Flags, PVOID AcceptSocketContext,
                              const WSK_CLIENT_CONNECTION_DISPATCH* AcceptSocketDispatch,
                              PSOCKADDR LocalAddress, PSOCKADDR RemoteAddress, PIRP Irp);
NTSTATUS WSKAPI listen_inspect_complete(PWSK_SOCKET ListenSocket, PWSK_INSPECT_ID InspectID,
                                        WSK_INSPECT_ACTION Action, PIRP Irp);
NTSTATUS WSKAPI listen_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);

// datagram_calls.cc
NTSTATUS WSKAPI datagram_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI datagram_send_to(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                 PSOCKADDR RemoteAddress, ULONG ControlInfoLength,
                                 PCMSGHDR ControlInfo, PIRP Irp);
NTSTATUS WSKAPI datagram_send_messages(PWSK_SOCKET Socket, PWSK_BUF_LIST BufferList, ULONG Flags,
                                       PSOCKADDR RemoteAddress, ULONG ControlInfoLength,
                                       PCMSGHDR ControlInfo, PIRP Irp);
NTSTATUS WSKAPI datagram_receive_from(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                      PSOCKADDR RemoteAddress, PULONG ControlLength,
                                      PCMSGHDR ControlInfo, PULONG ControlFlags, PIRP Irp);
NTSTATUS WSKAPI datagram_release(PWSK_SOCKET Socket, PWSK_DATAGRAM_INDICATION DatagramIndication);
NTSTATUS WSKAPI datagram_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);

// stream_calls.cc
NTSTATUS WSKAPI stream_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI stream_listen(PWSK_SOCKET Socket, PIRP Irp);
NTSTATUS WSKAPI stream_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);

// connection_calls.cc
NTSTATUS WSKAPI connection_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI connection_connect(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, ULONG Flags,
                                   PIRP Irp);
NTSTATUS WSKAPI connection_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);
NTSTATUS WSKAPI connection_get_remote_address(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress,
                                              PIRP Irp);
NTSTATUS WSKAPI connection_send(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI connection_receive(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI connection_disconnect(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI connection_release(PWSK_SOCKET Socket, PWSK_DATA_INDICATION DataIndication);
NTSTATUS WSKAPI connection_connect_ex(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PWSK_BUF Buffer,
                                      ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI connection_send_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                   ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp);
NTSTATUS WSKAPI connection_receive_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags,
                                      PULONG ControlInfoLength, PCMSGHDR ControlInfo,
                                      PULONG ControlFlags, PIRP Irp);

}  // namespace wskrun::wsk
