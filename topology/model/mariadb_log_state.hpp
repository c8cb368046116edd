// What a MariaDB server's history holds, by origin: for each domain and server
// the last sequence number that it has from there. Read from gtid_binlog_state,
// which a server keeps for as long as its binary log was not reset.
// https://mariadb.com/kb/en/gtid/#gtid_binlog_state
//
// Why beside MariadbGtid: a position knows only the last event of each domain. A
// former primary that stands at 0-1-105 is no part of a history that went from
// 0-1-100 to 0-2-110, though 110 is more than 105. By origin it shows: the other
// has only 100 of what server 1 wrote.
//
// A server that was made from a copy knows only the newest origins. So two states
// are compared by domain: up to the furthest number that both have from the same
// origin they agree, whoever wrote what came before.
//
// Invariant: sequence numbers of a domain only grow within one history. With
// gtid_strict_mode the servers see to it. Without, an errant transaction shows only
// until replication has passed its number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace relevo::model {

class MariadbLogState {
 public:
  // "0-1-100,0-2-110", blanks around commas allowed; "" is the empty state.
  // nullopt for anything else.
  static std::optional<MariadbLogState> parse(std::string_view text);
  std::string to_string() const;  // ordered by domain, then server

  void add(std::uint32_t domain, std::uint32_t server, std::uint64_t sequence);
  void add(const MariadbLogState& other);

  bool covers(const MariadbLogState& other) const;
  // What this has and `other` lacks, as ranges "0-1-101..105"; "" when nothing. The
  // last number of a range is certain, the first a bound: a domain's servers count on
  // from one another, so that one server's numbers have gaps.
  std::string excess_over(const MariadbLogState& other) const;

  bool operator==(const MariadbLogState&) const = default;

 private:
  using Origin = std::pair<std::uint32_t, std::uint32_t>;  // domain, server
  std::uint64_t of(const Origin& origin) const;            // 0: nothing from there

  std::map<Origin, std::uint64_t> last_;
};

}  // namespace relevo::model
