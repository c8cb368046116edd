#include "proxy/session/mysql/state.hpp"

#include <algorithm>
#include <array>

#include "proxy/session/mysql/quote.hpp"

namespace relevo::session::mysql {
namespace {

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The collation implies the character set, and setting the latter resets the former.
constexpr std::string_view connection_charset = "character_set_connection";
constexpr std::string_view connection_collation = "collation_connection";

constexpr std::array context_names = {
    std::string_view("sql_mode"),
    std::string_view("character_set_client"),
    connection_charset,
    connection_collation,
};

constexpr std::array consumed_names = {
    std::string_view("gtid_next"),
    std::string_view("gtid_seq_no"),
    std::string_view("immediate_server_version"),
    std::string_view("insert_id"),
    std::string_view("original_commit_timestamp"),
    std::string_view("original_server_version"),
    std::string_view("pseudo_replica_mode"),
    std::string_view("pseudo_slave_mode"),
    std::string_view("pseudo_thread_id"),
    std::string_view("rand_seed1"),
    std::string_view("rand_seed2"),
    std::string_view("skip_replication"),
};

// Settings whose accepted values don't depend on the node, on privileges that may
// be lost, or on objects that may be dropped.
constexpr std::array certain_names = {
    std::string_view("autocommit"),
    std::string_view("character_set_client"),
    std::string_view("character_set_connection"),
    std::string_view("character_set_results"),
    std::string_view("collation_connection"),
    std::string_view("foreign_key_checks"),
    std::string_view("group_concat_max_len"),
    std::string_view("innodb_lock_wait_timeout"),
    std::string_view("interactive_timeout"),
    std::string_view("lock_wait_timeout"),
    std::string_view("max_execution_time"),
    std::string_view("max_statement_time"),
    std::string_view("net_read_timeout"),
    std::string_view("net_write_timeout"),
    std::string_view("sql_mode"),
    std::string_view("sql_notes"),
    std::string_view("sql_quote_show_create"),
    std::string_view("sql_safe_updates"),
    std::string_view("sql_select_limit"),
    std::string_view("time_zone"),
    std::string_view("timestamp"),
    std::string_view("transaction_isolation"),
    std::string_view("transaction_read_only"),
    std::string_view("tx_isolation"),
    std::string_view("tx_read_only"),
    std::string_view("unique_checks"),
    std::string_view("wait_timeout"),
};

// The numbers of collations under which drivers log in. A number works as well as
// a name in SET; the names let sessions that say either share one state.
struct LoginCollation {
  std::uint16_t number;
  std::string_view charset, collation;
};
constexpr std::array login_collations = {
    LoginCollation{8, "latin1", "latin1_swedish_ci"},
    LoginCollation{45, "utf8mb4", "utf8mb4_general_ci"},
    LoginCollation{46, "utf8mb4", "utf8mb4_bin"},
    LoginCollation{63, "binary", "binary"},
    LoginCollation{224, "utf8mb4", "utf8mb4_unicode_ci"},
    LoginCollation{255, "utf8mb4", "utf8mb4_0900_ai_ci"},
};
constexpr std::uint16_t mysql_collation_first = 255, mysql_collation_last = 323;
constexpr std::uint16_t mariadb_collation_first = 576;

const std::string* find(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : &found->second;
}

bool same(const std::string* a, const std::string* b) {
  return a == nullptr ? b == nullptr : b != nullptr && *a == *b;
}

bool is_connection_charset(std::string_view name) {
  return name == connection_charset || name == connection_collation;
}

class Assignments {
 public:
  void add(std::string_view name, std::string_view value) {
    sql_.append(sql_.empty() ? "SET " : ",").append(name).append("=").append(value);
    certain_ = certain_ && is_one_of(name, certain_names);
  }
  void add_user(std::string_view name, std::string_view value) {
    const auto quoted = quote_name(name);
    if (!quoted) return;  // such a name is never followed
    sql_.append(sql_.empty() ? "SET @" : ",@").append(*quoted).append("=").append(value);
  }
  std::string take_sql() { return std::move(sql_); }
  bool certain() const { return certain_; }

 private:
  std::string sql_;
  bool certain_ = true;
};

void change_connection_charset(const Variables& from, const Variables& to, Assignments& out) {
  const std::string* charset = find(to, connection_charset);
  const std::string* collation = find(to, connection_collation);
  if (same(find(from, connection_charset), charset) &&
      same(find(from, connection_collation), collation)) {
    return;
  }
  if (collation != nullptr) {
    out.add(connection_collation, *collation);
  } else if (charset != nullptr) {
    out.add(connection_charset, *charset);
  } else {
    out.add(connection_collation, "DEFAULT");
  }
}

void append_key(std::string& key, const Variables& variables) {
  for (const auto& [name, value] : variables) {
    key.append(name).append("=").append(value).append(1, '\0');
  }
  key += '\1';
}

std::string key_of(const StateData& data) {
  std::string key = data.schema;
  key += '\0';
  append_key(key, data.system);
  append_key(key, data.user);
  return key;
}

}  // namespace

std::string fold_variable_name(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

bool is_serializable(const StateData& state) {
  for (const std::string_view name : {"transaction_isolation", "tx_isolation"}) {
    const auto found = state.system.find(name);
    if (found != state.system.end() && found->second.find("SERIALIZABLE") != std::string::npos) {
      return true;
    }
  }
  return false;
}

State no_state() {
  static const State empty = std::make_shared<const StateData>();
  return empty;
}

StateData login_state(std::string_view schema, std::uint16_t collation, bool mariadb) {
  StateData data{.schema = std::string(schema), .system = {}, .user = {}};
  const bool mysql_only = collation >= mysql_collation_first && collation <= mysql_collation_last;
  if (collation == 0 || (mariadb ? mysql_only : collation >= mariadb_collation_first)) return data;
  const auto known = std::find_if(login_collations.begin(), login_collations.end(),
                                  [&](const auto& one) { return one.number == collation; });
  const bool named = known != login_collations.end();
  const std::string number = std::to_string(collation);
  const std::string charset = named ? quote_text(known->charset) : number;
  data.system = {
      {"character_set_client", charset},
      {"character_set_results", charset},
      {std::string(connection_collation), named ? quote_text(known->collation) : number}};
  return data;
}

State StateTable::intern(StateData data) {
  auto& known = known_[key_of(data)];
  if (auto existing = known.lock()) return existing;
  State made = std::make_shared<const StateData>(std::move(data));
  known = made;
  if (known_.size() >= sweep_at_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(256, known_.size() * 2);
  }
  return made;
}

std::optional<StateChange> state_change(const State& from_state, const State& to_state) {
  if (from_state == to_state || *from_state == *to_state) return std::nullopt;
  StateChange change;
  StateData from = *from_state;
  const StateData& to = *to_state;
  if (!from.schema.empty() && to.schema.empty()) {
    change.reset = Reset::change_user;
    // What COM_CHANGE_USER itself leaves behind, unlike the defaults.
    from = {.schema = {},
            .system = {{"character_set_client", ""},
                       {"character_set_results", ""},
                       {std::string(connection_collation), ""}},
            .user = {}};
  }
  if (from.schema != to.schema) change.schema = to.schema;
  Assignments assignments;
  for (const auto& [name, value] : from.system) {
    if (is_connection_charset(name) || to.system.contains(name)) continue;
    assignments.add(name, "DEFAULT");
  }
  change_connection_charset(from.system, to.system, assignments);
  for (const auto& [name, value] : to.system) {
    if (is_connection_charset(name) || same(find(from.system, name), &value)) continue;
    assignments.add(name, value);
  }
  for (const auto& [name, value] : from.user) {
    if (!to.user.contains(name)) assignments.add_user(name, "NULL");
  }
  for (const auto& [name, value] : to.user) {
    if (!same(find(from.user, name), &value)) assignments.add_user(name, value);
  }
  change.certain = assignments.certain() && change.schema.empty() && change.reset == Reset::none;
  change.sql = assignments.take_sql();
  return change;
}

std::string_view tracking_sql() {
  return "SET session_track_schema=ON,session_track_state_change=ON,"
         "session_track_system_variables='*'";
}

Following following(std::string_view name) {
  if (name.starts_with("session_track_")) return Following::blinds;
  if (is_one_of(name, consumed_names)) return Following::pins;
  // Followed by Diagnostics, or of no use to set.
  if (name == "last_insert_id" || name == "identity" || name == "last_gtid") {
    return Following::ignored;
  }
  return Following::replay;
}

std::string assignment_of(std::string_view name, std::string_view reported) {
  if (name == "character_set_results" && reported.empty()) return "NULL";
  return is_number(reported) ? std::string(reported) : quote_text(reported);
}

State prepare_context(StateTable& table, const State& state) {
  StateData data{.schema = state->schema, .system = {}, .user = {}};
  for (const std::string_view name : context_names) {
    if (const std::string* value = find(state->system, name)) data.system.emplace(name, *value);
  }
  if (data == *state) return state;
  return table.intern(std::move(data));
}

State with_context(StateTable& table, const State& state, const State& context) {
  StateData data = *state;
  data.schema = context->schema;
  for (const std::string_view name : context_names) {
    if (const auto had = data.system.find(name); had != data.system.end()) data.system.erase(had);
    if (const std::string* value = find(context->system, name)) data.system.emplace(name, *value);
  }
  if (data == *state) return state;
  return table.intern(std::move(data));
}

}  // namespace relevo::session::mysql
