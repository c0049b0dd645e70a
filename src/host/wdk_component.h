// Whose a name is that a driver needs, told from its first letters, which is how the WDK is named.
#pragma once

#include <string_view>

namespace wskrun::host {

struct WdkComponent {
  std::string_view name;
  // It belongs to what wskrun provides, so that a function of it that is not there is a gap; of
  // other components wskrun has nothing.
  bool provided;
};

// nullptr: the name is of no component that is known, and so perhaps the driver's own.
const WdkComponent* component_of(std::string_view function);

}  // namespace wskrun::host
