/*
 * tunnel: datagrams of UDP between two places, in the habit of drivers for private networks, but
 * without their secrets. Two of these drivers are a tunnel:
 *
 *   wskrun --param Port=7001 --param Target=192.0.2.9:53 tunnel.so         the exit
 *   wskrun --param Port=53 --param Exit=198.51.100.7:7001 tunnel.so        the entry
 *
 * Who sends to a port of the entry talks to Target, and hears it from the very address he sent to.
 * Port is a number, 0 for one that is free; MaxFlows a number: so many may talk at once.
 *
 * Pages: network/receiving-data-over-a-datagram-socket, ddi/wsk/nc-wsk-pfn_wsk_send_messages
 */
#include "tunnel.h"

#include <ip2string.h>

static ENDPOINT Front;

typedef struct _SETTINGS {
  ULONG Port;
  ULONG MaxFlows;
  BOOLEAN IsEntry;
  SOCKADDR_INET BackRemote;
} SETTINGS;

/* ---- settings ------------------------------------------------------------------------------- */

#define TEXT_CHARACTERS 80

/* "192.0.2.9:53" or "[2001:db8::9]:53" */
static NTSTATUS ParseAddress(PCWSTR Text, SOCKADDR_INET* Address) {
  ULONG scope;
  NTSTATUS status;
  RtlZeroMemory(Address, sizeof(*Address));
  status = RtlIpv4StringToAddressExW(Text, TRUE, &Address->Ipv4.sin_addr, &Address->Ipv4.sin_port);
  if (NT_SUCCESS(status)) {
    Address->si_family = AF_INET;
    return status;
  }
  status =
      RtlIpv6StringToAddressExW(Text, &Address->Ipv6.sin6_addr, &scope, &Address->Ipv6.sin6_port);
  if (!NT_SUCCESS(status)) return status;
  Address->si_family = AF_INET6;
  Address->Ipv6.sin6_scope_id = scope;
  return status;
}

static NTSTATUS ReadSettings(PUNICODE_STRING RegistryPath, SETTINGS* Settings) {
  WCHAR exit_text[TEXT_CHARACTERS] = L"", target_text[TEXT_CHARACTERS] = L"";
  UNICODE_STRING exit_string = {0, sizeof(exit_text), exit_text};
  UNICODE_STRING target_string = {0, sizeof(target_text), target_text};
  RTL_QUERY_REGISTRY_TABLE table[] = {
      {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)L"Exit", &exit_string,
       (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, NULL, 0},
      {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)L"Target",
       &target_string, (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, NULL, 0},
      {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)L"Port",
       &Settings->Port, (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, NULL, 0},
      {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, (PWSTR)L"MaxFlows",
       &Settings->MaxFlows, (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE, NULL, 0},
      {0}};
  NTSTATUS status =
      RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, RegistryPath->Buffer, table, NULL, NULL);
  if (!NT_SUCCESS(status)) return status;
  Settings->IsEntry = exit_string.Length > 0;
  if (Settings->IsEntry == (target_string.Length > 0)) return STATUS_INVALID_PARAMETER;
  if (Settings->Port > MAXUSHORT || Settings->MaxFlows == 0) return STATUS_INVALID_PARAMETER;
  return ParseAddress(Settings->IsEntry ? exit_text : target_text, &Settings->BackRemote);
}

/* ---- the driver ----------------------------------------------------------------------------- */

static NTSTATUS OpenFront(PDRIVER_OBJECT DriverObject, const SETTINGS* Settings) {
  USHORT port = 0;
  NTSTATUS status = OpenEndpoint(&Front, AF_INET6, (USHORT)Settings->Port, NULL, &FrontEvents);
  if (!NT_SUCCESS(status)) return status;
  status = WantPacketInfo(&Front);
  if (NT_SUCCESS(status)) status = GetPort(&Front, &port);
  if (NT_SUCCESS(status)) status = StartForwarding(DriverObject, &Front, Settings->IsEntry);
  if (!NT_SUCCESS(status)) {
    CloseEndpoint(&Front);
    return status;
  }
  status = EnableEvents(&Front, TRUE);
  if (!NT_SUCCESS(status)) {
    StopForwarding();
    CloseEndpoint(&Front);
    return status;
  }
  SAY("the %s is listening on port :%u\n", Settings->IsEntry ? "entry" : "exit", port);
  return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
  EnableEvents(&Front, FALSE);
  StopForwarding();
  CloseEndpoint(&Front);
  StopWsk();
  SAY("%I64d to the backs, %I64d to the front; dropped %I64d, malformed %I64d, lost %I64d\n",
      ReadNoFence64(&Statistics.ToBacks), ReadNoFence64(&Statistics.ToFront),
      ReadNoFence64(&Statistics.Dropped), ReadNoFence64(&Statistics.Malformed),
      ReadNoFence64(&Statistics.Lost));
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
  SETTINGS settings = {0, 1024, FALSE, {{0}}};
  NTSTATUS status = ReadSettings(RegistryPath, &settings);
  if (!NT_SUCCESS(status)) return status;
  status = StartWsk();
  if (!NT_SUCCESS(status)) return status;
  InitializeFlows(&settings.BackRemote, settings.MaxFlows);
  status = OpenFront(DriverObject, &settings);
  if (!NT_SUCCESS(status)) {
    StopWsk();
    return status;
  }
  DriverObject->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
