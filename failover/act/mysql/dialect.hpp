// The statements of replication in the words that a server understands. MySQL
// renamed them in 8.0.22/23 and removed the old names in 8.4; MariaDB keeps them.
// A statement that a version does not know, or knows no more, is never sent to it.
// https://dev.mysql.com/doc/relnotes/mysql/8.4/en/news-8-4-0.html
// https://mariadb.com/kb/en/change-master-to/
//
// Pure string functions. Literals hold under any sql_mode but NO_BACKSLASH_ESCAPES,
// which the jobs' sessions switch off.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/model/observation.hpp"

namespace relevo::act::mysql {

std::string quote_literal(std::string_view text);

struct Upstream {
  std::string host;
  std::uint16_t port = 3306;
  std::string user, password;
  bool tls = false;  // encrypted; the certificate is not checked: see RepointJob
};

class Dialect {
 public:
  // "10.11.6" or "8.0.36"; whatever follows the numbers is ignored.
  Dialect() = default;
  Dialect(model::Flavor flavor, std::string_view version);

  bool mariadb() const { return flavor_ == model::Flavor::mariadb; }

  std::string stop_receiver() const;  // alone: the applier goes on with what it has
  std::string start_receiver() const;
  std::string start_applier() const;
  std::string stop_replication() const;
  std::string start_replication() const;
  std::string forget_upstream() const;  // for good: its address, its log-in, its relay log
  // By GTID. MariaDB from gtid_slave_pos: gtid_current_pos also counts a replica's own
  // writes, so that it would skip as many of its primary's.
  std::string follow(const Upstream& upstream) const;

  // Both settings at once where there are two.
  std::string refuse_writes() const;
  std::string take_writes() const;
  // Ends a session at once; what it has not committed is rolled back.
  std::string kill(std::uint64_t session) const;
  // Over a restart, too, where the server keeps it.
  std::string set_for_good(std::string_view variable, std::string_view value) const;
  bool source_plugins() const;  // semisync_source.so

 private:
  bool at_least(unsigned major, unsigned minor, unsigned patch) const;
  bool replica_words() const;  // STOP REPLICA, RESET REPLICA
  bool source_words() const;   // CHANGE REPLICATION SOURCE TO
  std::string replica(std::string_view verb, std::string_view rest = "") const;

  model::Flavor flavor_ = model::Flavor::mysql;
  unsigned major_ = 0, minor_ = 0, patch_ = 0;
};

// Semi-synchronous replication, on a server that has these variables (by
// rpl_semi_sync_%). What is said of another server is not in them.
using Variables = std::vector<std::pair<std::string, std::string>>;
// What loads its plugins, where the server has them apart and not loaded.
std::vector<std::string> semi_sync_installation(const Dialect& dialect, const Variables& variables);
// What makes commits wait for as many, for as long as it takes, before others read them.
// For good on MySQL; MariaDB keeps no such statement over a restart.
std::vector<std::string> semi_sync_values(const Dialect& dialect, const Variables& variables,
                                          unsigned acks);

// The names of semi-synchronous replication's switches among `variables`, as they are
// installed: old and new names never both.
struct SemiSyncSwitches {
  std::string primary, replica;  // "rpl_semi_sync_master_enabled", ...; "" when absent
  bool on = false;               // one of them is
};
SemiSyncSwitches semi_sync_switches(const Variables& variables);

}  // namespace relevo::act::mysql
