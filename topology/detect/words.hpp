// Durations as operators read them in reasons: "312 ms", "1.2 s", "4 min".
#pragma once

#include <string>

#include "topology/model/ids.hpp"

namespace relevo::detect {

std::string in_words(model::Duration duration);

}  // namespace relevo::detect
