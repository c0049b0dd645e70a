// How a Linux error becomes an NTSTATUS, and a status its name.
#pragma once

#include <wdm.h>

#include "net/error.h"

namespace wskrun::wsk {

// STATUS_SUCCESS for no error. An errno without a row becomes STATUS_UNSUCCESSFUL and is logged.
NTSTATUS status_of(net::Error error);

}  // namespace wskrun::wsk
