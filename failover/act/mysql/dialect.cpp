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

SemiSyncSwitches semi_sync_switches(
    const std::vector<std::pair<std::string, std::string>>& variables) {
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
