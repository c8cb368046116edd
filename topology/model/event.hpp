// One line of the journal, as operators see it (relevoctl events, GET /v1/events).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "topology/model/ids.hpp"

namespace relevo::model {

enum class Severity : std::uint8_t { info, warning, critical };

struct Event {
  std::uint64_t id = 0;  // grows by one per process and journal
  std::chrono::system_clock::time_point at;  // for people; no decision reads it
  std::string cluster;
  Epoch epoch = 0;
  int rule = 0;  // number of the decision rule that caused it; 0: none did
  Severity severity = Severity::info;
  std::string node;  // "" when it concerns the cluster
  std::string text;  // plain words
};

}  // namespace relevo::model
