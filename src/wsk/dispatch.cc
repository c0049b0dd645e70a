// The dispatch tables, and nothing else.
#include "wsk/dispatch.h"

#include "wsk/completion.h"

namespace wskrun::wsk {

constexpr WSK_PROVIDER_DISPATCH kProviderDispatch = {
    .Version = MAKE_WSK_VERSION(1, 1),
    .Reserved = 0,
    .WskSocket = Entry<create_socket>::call,
    .WskSocketConnect = Entry<create_connected_socket>::call,
    .WskControlClient = Entry<control_client>::call,
    .WskGetAddressInfo = Entry<get_address_info>::call,
    .WskFreeAddressInfo = free_address_info,
    .WskGetNameInfo = Entry<get_name_info>::call,
};

constexpr WSK_PROVIDER_BASIC_DISPATCH kBasicDispatch = {
    .WskControlSocket = Entry<control_socket>::call,
    .WskCloseSocket = Entry<close_socket>::call,
};

constexpr WSK_PROVIDER_LISTEN_DISPATCH kListenDispatch = {
    .Basic = kBasicDispatch,
    .WskBind = Entry<listen_bind>::call,
    .WskAccept = Entry<listen_accept>::call,
    .WskInspectComplete = Entry<listen_inspect_complete>::call,
    .WskGetLocalAddress = Entry<listen_get_local_address>::call,
};

constexpr WSK_PROVIDER_DATAGRAM_DISPATCH kDatagramDispatch = {
    .Basic = kBasicDispatch,
    .WskBind = Entry<datagram_bind>::call,
    .WskSendTo = Entry<datagram_send_to>::call,
    .WskReceiveFrom = Entry<datagram_receive_from>::call,
    .WskRelease = datagram_release,
    .WskGetLocalAddress = Entry<datagram_get_local_address>::call,
    .WskSendMessages = Entry<datagram_send_messages>::call,
};

constexpr WSK_PROVIDER_CONNECTION_DISPATCH kConnectionDispatch = {
    .Basic = kBasicDispatch,
    .WskBind = Entry<connection_bind>::call,
    .WskConnect = Entry<connection_connect>::call,
    .WskGetLocalAddress = Entry<connection_get_local_address>::call,
    .WskGetRemoteAddress = Entry<connection_get_remote_address>::call,
    .WskSend = Entry<connection_send>::call,
    .WskReceive = Entry<connection_receive>::call,
    .WskDisconnect = Entry<connection_disconnect>::call,
    .WskRelease = connection_release,
    .WskConnectEx = Entry<connection_connect_ex>::call,
    .WskSendEx = Entry<connection_send_ex>::call,
    .WskReceiveEx = Entry<connection_receive_ex>::call,
};

constexpr WSK_PROVIDER_STREAM_DISPATCH kStreamDispatch = {
    .Basic = kBasicDispatch,
    .WskBind = Entry<stream_bind>::call,
    .WskAccept = Entry<listen_accept>::call,
    .WskConnect = Entry<connection_connect>::call,
    .WskListen = Entry<stream_listen>::call,
    .WskSend = Entry<connection_send>::call,
    .WskReceive = Entry<connection_receive>::call,
    .WskDisconnect = Entry<connection_disconnect>::call,
    .WskRelease = connection_release,
    .WskGetLocalAddress = Entry<stream_get_local_address>::call,
    .WskGetRemoteAddress = Entry<connection_get_remote_address>::call,
    .WskConnectEx = Entry<connection_connect_ex>::call,
    .WskSendEx = Entry<connection_send_ex>::call,
    .WskReceiveEx = Entry<connection_receive_ex>::call,
};

}  // namespace wskrun::wsk
