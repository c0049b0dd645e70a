/* The packing headers in their pairs. */
#include <wdm.h>

#include <pshpack1.h>
typedef struct _PACKED1 {
  UCHAR a;
  ULONG64 b;
} PACKED1;
#include <poppack.h>

#include <pshpack2.h>
typedef struct _PACKED2 {
  UCHAR a;
  ULONG64 b;
} PACKED2;
#include <poppack.h>

#include <pshpack4.h>
typedef struct _PACKED4 {
  UCHAR a;
  ULONG64 b;
} PACKED4;
#include <poppack.h>

#include <pshpack8.h>
typedef struct _PACKED8 {
  UCHAR a;
  ULONG64 b;
} PACKED8;
#include <poppack.h>

C_ASSERT(sizeof(PACKED1) == 9 && sizeof(PACKED2) == 10);
C_ASSERT(sizeof(PACKED4) == 12 && sizeof(PACKED8) == 16);
