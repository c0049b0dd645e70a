// The lists of ADDRINFOEXW that WskGetAddressInfo gives to drivers. WSK remembers them until
// WskFreeAddressInfo, so whatever pointer that gets can be looked at first.
#pragma once

#include <wdm.h>
#include <wsk.h>

#include "net/lookup.h"

namespace wskrun::wsk {

// What the entries of a list repeat of the hints they were asked for with.
struct AskedFor {
  INT socket_type = 0;
  INT protocol = 0;
};

// A new list of what was found, the driver's from now on. `asked_by`: the return address in it.
PADDRINFOEXW hand_out_addresses(const net::AddressLookup& found, const AskedFor& asked_for,
                                const void* asked_by);

// Frees a list. False: it is none that the driver has, or not the head of one.
bool take_back_addresses(const ADDRINFOEXW* head);

}  // namespace wskrun::wsk
