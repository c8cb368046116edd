// What a controller keeps on disk: the journal of decisions and the last known
// authority. With an empty state directory it keeps nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "failover/act/settings.hpp"
#include "failover/decide/step.hpp"
#include "failover/journal/authority.hpp"
#include "failover/journal/journal.hpp"

namespace relevo::act {

class Memory {
 public:
  explicit Memory(const ControllerSettings& settings);

  // The last known authority in terms of the present configuration; names that
  // it does not know any more are left out.
  Result<decide::Hint> load();
  Result<void> open_journal(const decide::Policy& policy, const decide::ClusterState& state);

  // Journal first, then authority: both are on disk when this returns, where the
  // decision changed the authority.
  Result<void> record(model::Instant now, const decide::Event& event,
                      const decide::Decision& decision, const decide::ClusterState& after);

 private:
  const ControllerSettings& settings_;
  std::string base_;  // path without extension; "" keeps nothing
  std::unique_ptr<journal::Journal> journal_;
  std::optional<journal::Authority> stored_;
};

}  // namespace relevo::act
