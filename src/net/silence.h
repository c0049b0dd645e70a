// Silence: a connection that puts nothing on the wire any more and hears nothing. Needs no
// privilege.
#pragma once

#include "net/error.h"

namespace wskrun::net {

// From now on what the peer sends is dropped without an answer. Nothing may be under way, or it
// would be sent again and again. EOPNOTSUPP where the peer is this host.
Error silence(int fd);
// Before a silent connection is closed: its last segment will not reach the wire.
void hide_end(int fd);

}  // namespace wskrun::net
