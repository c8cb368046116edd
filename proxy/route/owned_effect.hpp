// An Effect that outlives the text it was found in.
#pragma once

#include <string>

#include "proxy/route/statement.hpp"

namespace relevo::route {

struct OwnedEffect {
  EffectKind kind = EffectKind::unknown;
  std::string name, value;
};

}  // namespace relevo::route
