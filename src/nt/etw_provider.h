// Providers of events, towards trace_logging.cc: who is registered, what the log takes of an event.
#pragma once

#include <wdm.h>

#include <string>

namespace wskrun::nt {

// EtwRegister, for a provider whose lines begin with this name. `registered_by`: the return address
// in the driver.
REGHANDLE register_provider(std::string name, PETWENABLECALLBACK enable_callback,
                            PVOID callback_context, const void* registered_by);

// The log shows events of this level (of no level: information).
bool is_traced(UCHAR level);

// "{01234567-89ab-...}"
std::string guid_text(const GUID& guid);

// Writes a line of the log at an event's level: the text, and the activities that the event names
// or the thread has.
void write_event_line(UCHAR level, std::string text, const GUID* activity, const GUID* related);

}  // namespace wskrun::nt
