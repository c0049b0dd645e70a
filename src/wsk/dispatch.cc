// The dispatch tables, and nothing else.
#include "wsk/dispatch.h"

namespace wskrun::wsk {

const WSK_PROVIDER_DISPATCH kProviderDispatch = {
    .Version = MAKE_WSK_VERSION(1, 1),
    .Reserved = 0,
    .WskSocket = create_socket,
    .WskSocketConnect = create_connected_socket,
    .WskControlClient = control_client,
    .WskGetAddressInfo = get_address_info,
    .WskFreeAddressInfo = free_address_info,
    .WskGetNameInfo = get_name_info,
};

const WSK_PROVIDER_LISTEN_DISPATCH kListenDispatch = {
    .Basic = {.WskControlSocket = control_socket, .WskCloseSocket = close_socket},
    .WskBind = listen_bind,
    .WskAccept = listen_accept,
    .WskInspectComplete = listen_inspect_complete,
    .WskGetLocalAddress = listen_get_local_address,
};

const WSK_PROVIDER_CONNECTION_DISPATCH kConnectionDispatch = {
    .Basic = {.WskControlSocket = control_socket, .WskCloseSocket = close_socket},
    .WskBind = connection_bind,
    .WskConnect = connection_connect,
    .WskGetLocalAddress = connection_get_local_address,
    .WskGetRemoteAddress = connection_get_remote_address,
    .WskSend = connection_send,
    .WskReceive = connection_receive,
    .WskDisconnect = connection_disconnect,
    .WskRelease = connection_release,
    .WskConnectEx = connection_connect_ex,
    .WskSendEx = connection_send_ex,
    .WskReceiveEx = connection_receive_ex,
};

}  // namespace wskrun::wsk
