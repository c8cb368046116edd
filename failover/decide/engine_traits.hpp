// In what the engines differ, as far as decisions go. A rule asks for a trait,
// never for an engine, so that what is said of one holds for the next like it.
#pragma once

#include "topology/model/ids.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::decide {

struct EngineTraits {
  // A promotion begins a numbered history (PostgreSQL's timeline), so that a newer
  // one is told from an older one by its number. Without: by what each holds.
  bool numbers_histories = false;
  // What a node is follows from statements alone: a running former primary can be
  // made a replica, and a replica refuses writes only while it is set read-only.
  bool role_by_statement = false;
  // A replica that restarts may throw away what it had received and not applied,
  // acknowledged writes among it (MariaDB's and MySQL's relay log).
  bool restart_discards_received = false;
  // For so long after it shows a setting a server may not have acted on it everywhere.
  // A PostgreSQL session shows synchronous_standby_names at once; commits wait from when
  // the checkpointer, which may be busy with a disk, has read it as well.
  model::Duration settings_margin{};
};

constexpr EngineTraits traits_of(model::Engine engine) {
  switch (engine) {
    case model::Engine::postgres:
      return {.numbers_histories = true, .settings_margin = std::chrono::seconds(1)};
    case model::Engine::mysql:
      return {.role_by_statement = true, .restart_discards_received = true};
  }
  return {};
}

}  // namespace relevo::decide
