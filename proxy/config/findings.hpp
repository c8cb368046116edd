// What every cross-check speaks through.
#pragma once

#include <initializer_list>
#include <string>

#include "proxy/config/place.hpp"

namespace relevo::config {

class Findings {
 public:
  explicit Findings(Reading& reading) : reading_(reading), earlier_(reading.problems.size()) {}

  bool given(const std::string& path) const { return reading_.given.contains(path); }
  const LoadContext& context() const { return reading_.context; }

  // `about`: the other settings that the finding rests on. One that was refused, or that
  // lies inside of what was refused, silences it; a problem deeper inside does not.
  void add(const std::string& path, std::string message,
           std::initializer_list<std::string> about = {});

 private:
  bool in_doubt(const std::string& path) const;

  Reading& reading_;
  std::size_t
      earlier_;  // problems from reading single values; those of rules stand beside each other
};

}  // namespace relevo::config
