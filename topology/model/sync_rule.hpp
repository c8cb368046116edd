// What stands in a server's own words: synchronous_standby_names, and the
// application_name of a connection string. Total over all texts.
// https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::model {

// How many of whom a commit waits for. FIRST k and ANY k are told apart by nobody
// here: of either a commit has k acknowledgements out of the list.
struct SyncRule {
  unsigned count = 1;
  std::vector<std::string> names;  // "*" for whoever connects

  bool counts(std::string_view name) const;
};

// nullopt: empty, or not one.
std::optional<SyncRule> parse_sync_rule(std::string_view text);

// As PostgreSQL reads it: ANY 1 ("db1", "db2").
std::string sync_rule_text(unsigned count, const std::vector<std::string>& names);

// "" when the string names none.
std::string application_name_of(std::string_view conninfo);

bool same_name(std::string_view one, std::string_view other);  // as PostgreSQL compares them

}  // namespace relevo::model
