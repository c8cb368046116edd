#include "proxy/config/findings.hpp"

#include <algorithm>

namespace relevo::config {
namespace {

// Whether `inner` is `outer` or lies inside of it: `$.a` holds `$.a.b` and `$.a[0]`.
bool within(const std::string& inner, const std::string& outer) {
  if (!inner.starts_with(outer)) return false;
  if (inner.size() == outer.size()) return true;
  return inner[outer.size()] == '.' || inner[outer.size()] == '[';
}

}  // namespace

void Findings::add(const std::string& path, std::string message,
                   std::initializer_list<std::string> about) {
  if (in_doubt(path) || std::any_of(about.begin(), about.end(),
                                    [&](const std::string& other) { return in_doubt(other); }))
    return;
  reading_.problems.push_back({path, std::move(message)});
}

bool Findings::in_doubt(const std::string& path) const {
  const auto& problems = reading_.problems;
  return std::any_of(problems.begin(), problems.begin() + static_cast<std::ptrdiff_t>(earlier_),
                     [&](const Problem& problem) { return within(path, problem.path); });
}

}  // namespace relevo::config
