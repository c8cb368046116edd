// What each writer was told about each of its rows, and whether it was true.
//
// Invariant that a run proves or refutes: every row whose write was acknowledged
// is in the table, and no row whose write was refused. A row of unknown outcome
// may be either. Rows are numbered from 1 per writer and never tried twice under
// one number, so that a false answer cannot hide behind a retry.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connection.hpp"

namespace relevo::workload {

enum class Outcome : std::uint8_t {
  acknowledged,
  refused,  // the server, or the proxy, said that it was not done
  unknown   // 08007, or the connection broke after the COMMIT was sent
};

// Of one writer; used by its thread alone until that has been joined.
class Ledger {
 public:
  std::uint64_t next() const { return outcomes_.size() + 1; }
  void record(Outcome outcome) { outcomes_.push_back(outcome); }
  const std::vector<Outcome>& outcomes() const { return outcomes_; }

 private:
  std::vector<Outcome> outcomes_;
};

struct Verdict {
  std::uint64_t acknowledged = 0, missing = 0;
  std::uint64_t unknown = 0, unknown_present = 0;
  std::uint64_t refused = 0, refused_present = 0;
  std::uint64_t alien = 0;                              // rows in the table that nobody here wrote
  std::vector<std::pair<int, std::uint64_t>> examples;  // of missing rows, at most 20
  std::string error;  // why the table could not be read; "" if it could
  bool right() const { return error.empty() && missing == 0 && refused_present == 0 && alien == 0; }
};

// Reads the whole table through `conninfo` and compares. The index of a ledger
// is its writer's number.
Verdict verify(const std::vector<Ledger>& ledgers, Engine engine, const std::string& conninfo,
               const std::string& table);

}  // namespace relevo::workload
