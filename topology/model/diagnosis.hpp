// What relevoctl doctor tells: of each node its findings, each with what mends it.
// Part of the public interface, words and all (docs/doctor.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topology/model/verdict.hpp"

namespace relevo::model {

enum class Gravity : std::uint8_t {
  note,     // worth knowing
  warning,  // a failover is slower than it need be, or may lose something
  error,    // failover, switchover or rejoin cannot work, or a promise does not hold
};

// How a remedy comes into force, which is also who may apply it.
enum class TakesEffect : std::uint8_t {
  at_once,
  reload,   // its last statement reloads
  restart,  // with the server's next start
  by_hand,  // takes an administrator: another account, or a look at what runs meanwhile
};

struct Finding {
  std::string check;  // the row of the table of checks
  Gravity gravity = Gravity::note;
  std::string found;
  std::string why;
  std::vector<std::string> statements;  // in this order; empty: there is none
  std::string on;                       // the node to run them on
  TakesEffect takes_effect = TakesEffect::by_hand;

  // What --fix does without asking: no restart, and nothing that a role depends on.
  bool mended_by_fix() const {
    return takes_effect == TakesEffect::at_once || takes_effect == TakesEffect::reload;
  }
};

struct NodeDiagnosis {
  std::string name;
  std::string address;
  Role role = Role::unknown;
  std::string version;  // "" when it could not be asked
  bool reachable = false;
  std::string error;  // why not
  std::vector<Finding> findings;
};

// A statement that --fix ran, and how it ended.
struct Treatment {
  std::string node;
  std::string check;
  std::string statement;
  bool ok = false;
  std::string outcome;  // the server's words when it was refused
};

struct Diagnosis {
  std::string cluster;
  std::vector<NodeDiagnosis> nodes;
  std::vector<std::string> not_checked;  // what no statement can ask
  std::vector<Treatment> treatments;     // of --fix, before `nodes` was looked at
};

std::string_view to_string(Gravity);
std::string_view to_string(TakesEffect);

}  // namespace relevo::model
