// A recorded incident told for people: decision by decision what was seen, which rule
// fired, and what it did.
#pragma once

#include <string>

#include "failover/journal/journal.hpp"

namespace relevo::journal {

// One text for each decision, ends with a newline.
class Narrator {
 public:
  std::string tell(const ReplayedStep& step);

 private:
  std::string seen(const ReplayedStep& step);

  std::optional<model::Instant> began_;
  std::vector<std::string> told_;  // of each node, last
};

}  // namespace relevo::journal
