// error: __leave is not available
#include <wdm.h>

void leaves(void) {
  __try {
    __leave;
  } __finally {
  }
}
