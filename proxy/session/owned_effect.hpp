// An Effect that outlives the text it was found in.
#pragma once

#include <string>

#include "proxy/route/statement.hpp"

namespace relevo::session {

struct OwnedEffect {
  route::EffectKind kind = route::EffectKind::unknown;
  std::string name, value;
};

}  // namespace relevo::session
