// MariaDB's position: the last transaction of each replication domain, written
// domain-server-sequence. Not a set: it stands for everything in the domain up to
// that sequence number, whoever wrote it.
// https://mariadb.com/kb/en/gtid/
//
// What follows from that: a greater sequence number covers a smaller one even if
// another server wrote it, since a position does not say how it got there. Only
// equal numbers of different servers show that histories parted. The rest is told
// apart by MariadbLogState.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace relevo::model {

class MariadbGtid {
 public:
  // "0-1-100,2-3-7", blanks around commas allowed; "" is the empty position.
  // nullopt for anything else, two entries for one domain among it.
  static std::optional<MariadbGtid> parse(std::string_view text);
  std::string to_string() const;  // ordered by domain

  bool empty() const { return last_.empty(); }

  bool covers(const MariadbGtid& other) const;
  // Domain by domain the one that is further; of equal numbers this one's.
  void add(const MariadbGtid& other);
  // Sequence numbers that `ahead` has passed and this has not, over all domains.
  // An upper bound where numbers were left out. At most 2^64 - 1.
  std::uint64_t transactions_behind(const MariadbGtid& ahead) const;
  // What this has and `other` lacks: "0-1-101..105"; "" when nothing.
  std::string excess_over(const MariadbGtid& other) const;

  bool operator==(const MariadbGtid&) const = default;

 private:
  struct Last {
    std::uint32_t server = 0;
    std::uint64_t sequence = 0;
    bool operator==(const Last&) const = default;
  };
  static bool covers(const Last& mine, const Last& theirs);

  std::map<std::uint32_t, Last> last_;  // by domain
};

}  // namespace relevo::model
