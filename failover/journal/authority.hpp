// The last known authority: which epoch, which primary, who is fenced. Written
// before a decision that changes it takes effect, read once at start.
//
// Invariant: the file is always a whole old or a whole new version (temporary
// file, fsync, rename, fsync of the directory). Nodes stand by name: their
// places in the configuration may change between runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "failover/decide/promise.hpp"
#include "topology/model/ids.hpp"
#include "topology/model/result.hpp"

namespace relevo::journal {

struct Authority {
  model::Epoch epoch = 0;
  std::string primary;         // "" when none
  std::uint32_t timeline = 0;  // of that primary, 0: not known
  std::string soft_fenced;     // made read-only by a switchover that is not done; ""
  bool death_confirmed = false;
  std::string candidate;  // told to promote, not known whether it did; ""
  std::vector<std::string> former_primaries;
  std::vector<std::string> needs_repoint;
  std::vector<std::string> in_doubt;  // a freeze or a fence may still come into force
  std::vector<std::string> maintenance;
  std::vector<std::string> diverged;
  std::map<std::string, std::int64_t> started_us;  // of each node's server, where known
  std::vector<std::string> restarted;  // and not known to have all that it acknowledged before

  std::optional<decide::Promise> promise;  // of that primary; nullopt: not known
  unsigned covered_acks = 0;               // replicas that have all of its commits so far

  bool operator==(const Authority&) const = default;
};

class AuthorityFile {
 public:
  // `path` in an existing directory.
  explicit AuthorityFile(std::string path) : path_(std::move(path)) {}

  // nullopt: there is none yet. An unreadable or foreign file is an error: an
  // epoch that cannot be read must not be guessed.
  Result<std::optional<Authority>> load() const;
  Result<void> store(const Authority& authority) const;

 private:
  std::string path_;
};

}  // namespace relevo::journal
