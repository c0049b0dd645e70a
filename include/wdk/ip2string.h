/*
 * ip2string.h: IPv4 and IPv6 addresses as text and back; A is narrow text, W UTF-16. mstcpip.h
 * includes it.
 */
#pragma once

#include <in6addr.h>
#include <inaddr.h>
#include <ntdef.h>
#include <ntstatus.h>

EXTERN_C_START

/*
 * RtlIpv4AddressToStringA: write an address as a.b.c.d.
 *
 *   Addr  In network byte order.
 *   S     Room for 16 characters.
 *
 * IRQL     any, for resident memory
 * Returns  The zero that ends the text.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv4addresstostringa
 */
NTSYSAPI PSTR RtlIpv4AddressToStringA(_In_ const struct in_addr* Addr, _Out_writes_(16) PSTR S);
NTSYSAPI PWSTR RtlIpv4AddressToStringW(_In_ const struct in_addr* Addr, _Out_writes_(16) PWSTR S);

/*
 * RtlIpv4AddressToStringExA: write an address as a.b.c.d, or a.b.c.d:port.
 *
 *   Port                 In network byte order; 0 is left out.
 *   AddressStringLength  In characters, the zero included: the room; then what was written, or
 *                        what is needed when it is more. INET_ADDRSTRLEN is always enough.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: a NULL pointer, or no room.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv4addresstostringexa
 */
NTSYSAPI NTSTATUS RtlIpv4AddressToStringExA(_In_ const struct in_addr* Address, _In_ USHORT Port,
                                            _Out_writes_to_(*AddressStringLength,
                                                            *AddressStringLength)
                                                PSTR AddressString,
                                            _Inout_ PULONG AddressStringLength);
NTSYSAPI NTSTATUS RtlIpv4AddressToStringExW(_In_ const struct in_addr* Address, _In_ USHORT Port,
                                            _Out_writes_to_(*AddressStringLength,
                                                            *AddressStringLength)
                                                PWSTR AddressString,
                                            _Inout_ PULONG AddressStringLength);

/*
 * RtlIpv4StringToAddressA: read an address at the start of a text.
 *
 *   Strict      TRUE: only a.b.c.d, decimal. FALSE: one to four parts, of which the last fills the
 *               bytes that are left; each may be 0x hexadecimal or 0 octal.
 *   Terminator  Set to the first character that belongs to it no more.
 *   Addr        In network byte order; unchanged on failure.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no address.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv4stringtoaddressa
 */
NTSYSAPI NTSTATUS RtlIpv4StringToAddressA(_In_ PCSTR S, _In_ BOOLEAN Strict,
                                          _Out_ PCSTR* Terminator, _Out_ struct in_addr* Addr);
NTSYSAPI NTSTATUS RtlIpv4StringToAddressW(_In_ PCWSTR S, _In_ BOOLEAN Strict,
                                          _Out_ LPCWSTR* Terminator, _Out_ struct in_addr* Addr);

/*
 * RtlIpv4StringToAddressExA: read a text that is an address, or address:port, and nothing else.
 *
 *   Port  In network byte order; 0 when the text has none. May be 0x hexadecimal or 0 octal there.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: it is not.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv4stringtoaddressexa
 */
NTSYSAPI NTSTATUS RtlIpv4StringToAddressExA(_In_ PCSTR AddressString, _In_ BOOLEAN Strict,
                                            _Out_ struct in_addr* Address, _Out_ PUSHORT Port);
NTSYSAPI NTSTATUS RtlIpv4StringToAddressExW(_In_ PCWSTR AddressString, _In_ BOOLEAN Strict,
                                            _Out_ struct in_addr* Address, _Out_ PUSHORT Port);

/*
 * RtlIpv6AddressToStringA: write an address: the longest run of zeros as ::, the last 32 bits of
 * IPv4-mapped, -compatible, -translated and ISATAP addresses as a.b.c.d.
 *
 *   S  Room for 46 characters.
 *
 * IRQL     any, for resident memory
 * Returns  The zero that ends the text.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv6addresstostringa
 */
NTSYSAPI PSTR RtlIpv6AddressToStringA(_In_ const struct in6_addr* Addr, _Out_writes_(46) PSTR S);
NTSYSAPI PWSTR RtlIpv6AddressToStringW(_In_ const struct in6_addr* Addr, _Out_writes_(46) PWSTR S);

/*
 * RtlIpv6AddressToStringExA: write an address as address%scope, or [address%scope]:port.
 *
 *   ScopeId              As in sin6_scope_id; 0 is left out.
 *   Port                 In network byte order; 0 is left out.
 *   AddressStringLength  As in RtlIpv4AddressToStringExA; INET6_ADDRSTRLEN is always enough.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: a NULL pointer, or no room.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv6addresstostringexa
 */
NTSYSAPI NTSTATUS RtlIpv6AddressToStringExA(
    _In_ const struct in6_addr* Address, _In_ ULONG ScopeId, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PSTR AddressString,
    _Inout_ PULONG AddressStringLength);
NTSYSAPI NTSTATUS RtlIpv6AddressToStringExW(
    _In_ const struct in6_addr* Address, _In_ ULONG ScopeId, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PWSTR AddressString,
    _Inout_ PULONG AddressStringLength);

/*
 * RtlIpv6StringToAddressA: read an address at the start of a text; its last 32 bits may be a.b.c.d.
 *
 *   Terminator  Set to the first character that belongs to it no more.
 *   Addr        Unchanged on failure.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no address.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv6stringtoaddressa
 */
NTSYSAPI NTSTATUS RtlIpv6StringToAddressA(_In_ PCSTR S, _Out_ PCSTR* Terminator,
                                          _Out_ struct in6_addr* Addr);
NTSYSAPI NTSTATUS RtlIpv6StringToAddressW(_In_ PCWSTR S, _Out_ PCWSTR* Terminator,
                                          _Out_ struct in6_addr* Addr);

/*
 * RtlIpv6StringToAddressExA: read a text that is address, address%scope, [address%scope] or
 * [address%scope]:port, and nothing else.
 *
 *   ScopeId, Port  0 when the text has none. Port is in network byte order.
 *
 * IRQL     any, for resident memory
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: it is not.
 * Page     win32/api/ip2string/nf-ip2string-rtlipv6stringtoaddressexa
 */
NTSYSAPI NTSTATUS RtlIpv6StringToAddressExA(_In_ PCSTR AddressString,
                                            _Out_ struct in6_addr* Address, _Out_ PULONG ScopeId,
                                            _Out_ PUSHORT Port);
NTSYSAPI NTSTATUS RtlIpv6StringToAddressExW(_In_ PCWSTR AddressString,
                                            _Out_ struct in6_addr* Address, _Out_ PULONG ScopeId,
                                            _Out_ PUSHORT Port);

EXTERN_C_END

#ifdef UNICODE
#define RtlIpv4AddressToString RtlIpv4AddressToStringW
#define RtlIpv4AddressToStringEx RtlIpv4AddressToStringExW
#define RtlIpv4StringToAddress RtlIpv4StringToAddressW
#define RtlIpv4StringToAddressEx RtlIpv4StringToAddressExW
#define RtlIpv6AddressToString RtlIpv6AddressToStringW
#define RtlIpv6AddressToStringEx RtlIpv6AddressToStringExW
#define RtlIpv6StringToAddress RtlIpv6StringToAddressW
#define RtlIpv6StringToAddressEx RtlIpv6StringToAddressExW
#else
#define RtlIpv4AddressToString RtlIpv4AddressToStringA
#define RtlIpv4AddressToStringEx RtlIpv4AddressToStringExA
#define RtlIpv4StringToAddress RtlIpv4StringToAddressA
#define RtlIpv4StringToAddressEx RtlIpv4StringToAddressExA
#define RtlIpv6AddressToString RtlIpv6AddressToStringA
#define RtlIpv6AddressToStringEx RtlIpv6AddressToStringExA
#define RtlIpv6StringToAddress RtlIpv6StringToAddressA
#define RtlIpv6StringToAddressEx RtlIpv6StringToAddressExA
#endif
