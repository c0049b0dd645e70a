/* The other file with a definition of Twice. */
#include "twice.h"

CHANGE* ChangeOfTheOtherFile(VOID) {
  return Twice;
}
