#include "topology/detect/words.hpp"

#include <cstdio>

namespace relevo::detect {

std::string in_words(model::Duration duration) {
  using namespace std::chrono;
  const auto ms = duration_cast<milliseconds>(duration).count();
  char text[32];
  if (ms < 1000) {
    std::snprintf(text, sizeof text, "%lld ms", static_cast<long long>(ms));
  } else if (ms < 120'000) {
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000.0);
  } else {
    std::snprintf(text, sizeof text, "%lld min", static_cast<long long>(ms / 60'000));
  }
  return text;
}

}  // namespace relevo::detect
