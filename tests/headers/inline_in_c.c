/* Checks for inline_test.cc of what the headers do inline in C. */
#include <wdm.h>

#define CHECK_LINE(condition) \
  if (!(condition)) return __LINE__

int interlocked_in_c(void);
int seh_in_c(void);

typedef enum { kRed, kGreen, kBlue } COLOUR;

int interlocked_in_c(void) {
  ULONG unsigned_value = 0xffffffff;
  long plain_long = -1;
  COLOUR colour = kRed;
  CHAR bytes[3] = {0, 0, 0};
  LONG64 wide = 0;
  LONG words[2] = {0, 0};
  int target = 0;
  int* pointer = NULL;
  LONG evaluated = 0;
  LONG64 pair[2] __attribute__((aligned(16))) = {1, 2};
  LONG64 comparand[2] = {1, 2};

  CHECK_LINE(InterlockedIncrement(&unsigned_value) == 0);
  CHECK_LINE(InterlockedDecrement(&unsigned_value) < 0);
  CHECK_LINE(InterlockedIncrement(&plain_long) == 0 && plain_long == 0);
  CHECK_LINE(InterlockedExchange(&colour, kBlue) == kRed && colour == kBlue);
  CHECK_LINE(InterlockedCompareExchange(&colour, kGreen, kBlue) == kBlue && colour == kGreen);
  CHECK_LINE(InterlockedOr8(&bytes[1], 0x7f) == 0 && bytes[0] == 0 && bytes[2] == 0);
  CHECK_LINE(InterlockedAdd64(&wide, 1LL << 40) == 1LL << 40);
  CHECK_LINE(!InterlockedBitTestAndSet(words, 33) && words[1] == 2);
  CHECK_LINE(InterlockedExchangePointer(&pointer, &target) == NULL && pointer == &target);
  CHECK_LINE(InterlockedCompareExchangePointer(&pointer, NULL, &target) == &target && !pointer);
  InterlockedIncrement((evaluated++, &words[0]));
  CHECK_LINE(evaluated == 1 && words[0] == 1);
  CHECK_LINE(ReadAcquire(&words[0]) == 1);
  WriteRelease(&words[0], 2);
  CHECK_LINE(ReadNoFence(&words[0]) == 2);
  CHECK_LINE(InterlockedCompareExchange128(pair, 8, 9, comparand) == 1 && pair[1] == 8);
  CHECK_LINE(_rotr64(1, 1) == 1ULL << 63 && BitTestAndSet(words, 1) && !BitTestAndSet(words, 0));
  WriteUInt32Release(&unsigned_value, 4);
  CHECK_LINE(ReadUInt32NoFence(&unsigned_value) == 4);
  return 0;
}

static int leave_by_return(void) {
  __try {
    return 1;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return 2;
  }
  return 3;
}

static int leave_by_break_and_goto(void) {
  int steps = 0;
  int i;

  for (i = 0; i < 10; i++) {
    try {
      if (i == 1) continue;
      if (i == 3) break;
      steps++;
    }
    except(EXCEPTION_EXECUTE_HANDLER) {
      steps += 100;
    }
  }
  __try {
    goto out;
  } __finally {
    steps += 100;
  }
out:
  return steps;
}

int seh_in_c(void) {
  int finished = 0;

  CHECK_LINE(leave_by_return() == 1);
  CHECK_LINE(leave_by_break_and_goto() == 2);
  __try {
    finished = 1;
  } __finally {
    finished += 10;
  }
  CHECK_LINE(finished == 11);
  return 0;
}
