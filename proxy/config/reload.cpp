#include "proxy/config/reload.hpp"

#include "proxy/config/settings.hpp"

namespace relevo::config {

std::vector<std::string> restart_needed(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  settings().compare(before, after, "$", changed);
  return changed;
}

}  // namespace relevo::config
