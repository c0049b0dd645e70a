/* A driver's own trace functions, declared the way WPP's scanner reads them. */
#define WPP_CONTROL_GUIDS                                                           \
  WPP_DEFINE_CONTROL_GUID(WppTraceGuid, (6f4c2b1a, 0d3e, 4b57, 9a21, 7c1f5e8d9b30), \
                          WPP_DEFINE_BIT(TRACE_GENERAL) WPP_DEFINE_BIT(TRACE_SOCKET))

/*
begin_wpp config
FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);
FUNC TraceError{LEVEL=TRACE_LEVEL_ERROR}(MSG, ...);
FUNC TraceEntry{LEVEL=TRACE_LEVEL_VERBOSE}(...);
end_wpp
*/
