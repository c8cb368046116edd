#include "failover/act/mysql/dialect.hpp"

#include <charconv>
#include <tuple>

namespace relevo::act::mysql {

using model::Flavor;

std::string quote_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\0') {
      out += "\\0";
      continue;
    }
    if (c == '\\' || c == '\'') out += c;
    out += c;
  }
  return out + "'";
}

Dialect::Dialect(Flavor flavor, std::string_view version) : flavor_(flavor) {
  const char* at = version.data();
  const char* const end = at + version.size();
  for (unsigned* number : {&major_, &minor_, &patch_}) {
    const auto [next, error] = std::from_chars(at, end, *number);
    if (error != std::errc{} || next == end || *next != '.') break;
    at = next + 1;
  }
}

bool Dialect::at_least(unsigned major, unsigned minor, unsigned patch) const {
  return std::tie(major_, minor_, patch_) >= std::tie(major, minor, patch);
}

bool Dialect::replica_words() const { return !mariadb() && at_least(8, 0, 22); }
bool Dialect::source_words() const { return !mariadb() && at_least(8, 0, 23); }

std::string Dialect::replica(std::string_view verb, std::string_view rest) const {
  std::string text(verb);
  text += replica_words() ? " REPLICA" : " SLAVE";
  if (!rest.empty()) text += " " + std::string(rest);
  return text;
}

std::string Dialect::stop_receiver() const { return replica("STOP", "IO_THREAD"); }
std::string Dialect::start_receiver() const { return replica("START", "IO_THREAD"); }
std::string Dialect::start_applier() const { return replica("START", "SQL_THREAD"); }
std::string Dialect::stop_replication() const { return replica("STOP"); }
std::string Dialect::start_replication() const { return replica("START"); }
std::string Dialect::forget_upstream() const { return replica("RESET", "ALL"); }

std::string Dialect::follow(const Upstream& upstream) const {
  const std::string prefix = source_words() ? "SOURCE_" : "MASTER_";
  const auto option = [&](const char* name, const std::string& value) {
    return prefix + name + "=" + value + ", ";
  };
  std::string text = source_words() ? "CHANGE REPLICATION SOURCE TO " : "CHANGE MASTER TO ";
  text += option("HOST", quote_literal(upstream.host));
  text += option("PORT", std::to_string(upstream.port));
  text += option("USER", quote_literal(upstream.user));
  text += option("PASSWORD", quote_literal(upstream.password));
  // Seconds: a lost primary is noticed, and a returned one found, soon.
  text += option("CONNECT_RETRY", "1");
  text += option("HEARTBEAT_PERIOD", "1");
  text += option("SSL", upstream.tls ? "1" : "0");
  text += option("SSL_VERIFY_SERVER_CERT", "0");
  if (mariadb()) return text + "MASTER_USE_GTID=slave_pos";
  // caching_sha2_password without TLS needs the server's key; 5.7 has neither.
  if (at_least(8, 0, 4)) {
    text += source_words() ? "GET_SOURCE_PUBLIC_KEY=1, " : "GET_MASTER_PUBLIC_KEY=1, ";
  }
  return text + prefix + "AUTO_POSITION=1";
}

std::string Dialect::refuse_writes() const {
  // super_read_only binds those with all privileges as well. Switching it on brings
  // read_only along; where it is on already, and alone, it does not, and binds nobody.
  return mariadb() ? "SET GLOBAL read_only = 1"
                   : "SET GLOBAL read_only = 1, GLOBAL super_read_only = 1";
}

std::string Dialect::take_writes() const {
  return "SET GLOBAL read_only = 0";  // takes super_read_only with it
}

std::string Dialect::kill(std::uint64_t session) const {
  return (mariadb() ? "KILL HARD CONNECTION " : "KILL CONNECTION ") + std::to_string(session);
}

std::string Dialect::set_for_good(std::string_view variable, std::string_view value) const {
  const bool persists = !mariadb() && at_least(8, 0, 0);
  std::string text = persists ? "SET PERSIST " : "SET GLOBAL ";
  return text.append(variable).append(" = ").append(value);
}

bool Dialect::source_plugins() const { return !mariadb() && at_least(8, 0, 26); }

std::vector<std::string> semi_sync_installation(const Dialect& dialect,
                                                const Variables& variables) {
  if (dialect.mariadb()) return {};  // built in
  const auto found = semi_sync_switches(variables);
  // One age for both sides: a server has the old plugins or the new ones.
  const bool old_names = found.primary.find("master") != std::string::npos ||
                         found.replica.find("slave") != std::string::npos;
  const bool by_new_names = dialect.source_plugins() && !old_names;
  const auto install = [](const std::string& side) {
    return "INSTALL PLUGIN rpl_semi_sync_" + side + " SONAME 'semisync_" + side + ".so'";
  };
  std::vector<std::string> statements;
  if (found.primary.empty()) statements.push_back(install(by_new_names ? "source" : "master"));
  if (found.replica.empty()) statements.push_back(install(by_new_names ? "replica" : "slave"));
  return statements;
}

std::vector<std::string> semi_sync_values(const Dialect& dialect, const Variables& variables,
                                          unsigned acks) {
  constexpr std::string_view longest_ms = "4294967295";  // 49 days: the most that MySQL takes
  std::vector<std::string> statements;
  for (const auto& [name, value] : variables) {
    std::string wanted;
    const auto is = [&, &variable = name](std::string_view one, std::string_view other) {
      return variable == one || variable == other;
    };
    if (is("rpl_semi_sync_source_timeout", "rpl_semi_sync_master_timeout")) {
      wanted = longest_ms;
    } else if (is("rpl_semi_sync_source_wait_point", "rpl_semi_sync_master_wait_point")) {
      wanted = "AFTER_SYNC";
    } else if (is("rpl_semi_sync_source_wait_no_replica", "rpl_semi_sync_master_wait_no_slave")) {
      wanted = "ON";
    } else if (is("rpl_semi_sync_source_wait_for_replica_count",
                  "rpl_semi_sync_master_wait_for_slave_count")) {
      wanted = std::to_string(acks);
    }
    if (wanted.empty() || wanted == value) continue;
    statements.push_back(dialect.set_for_good(name, wanted));
  }
  return statements;
}

SemiSyncSwitches semi_sync_switches(const Variables& variables) {
  SemiSyncSwitches found;
  for (const auto& [name, value] : variables) {
    if (name == "rpl_semi_sync_master_enabled" || name == "rpl_semi_sync_source_enabled") {
      found.primary = name;
    } else if (name == "rpl_semi_sync_slave_enabled" || name == "rpl_semi_sync_replica_enabled") {
      found.replica = name;
    } else {
      continue;
    }
    found.on = found.on || value == "ON" || value == "1";
  }
  return found;
}

}  // namespace relevo::act::mysql
