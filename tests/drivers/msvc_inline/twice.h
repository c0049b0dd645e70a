/* A function as MSVC's C has it: inline and no more, and yet there for whoever takes its address.
 */
#pragma once

#include <ntddk.h>

inline ULONG Twice(ULONG Number) {
  return 2 * Number;
}

typedef ULONG CHANGE(ULONG Number);

CHANGE* ChangeOfTheOtherFile(VOID);
