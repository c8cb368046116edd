// MySQL's position: the set of all transactions that a server has, by origin.
// https://dev.mysql.com/doc/refman/8.4/en/replication-gtids-concepts.html
//
//   3E11FA47-71CA-11E1-9E33-C80AA9429562:1-3:11:47-49:trial:1-5,
//   4B...:1-7
//
// An origin is a server's UUID, or (from 8.3 on) a UUID and a tag. Two sets may
// each have what the other lacks: then neither covers the other, and what a
// replica has beyond its primary is errant.
//
// Invariant: each origin's intervals are sorted, apart by at least one number,
// and not empty; no origin is without any. So equal sets are equal objects.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relevo::model {

class GtidSet {
 public:
  // As servers print it; "" is the empty set. Blanks around commas and colons are
  // allowed, upper case too. nullopt for anything else.
  static std::optional<GtidSet> parse(std::string_view text);
  std::string to_string() const;  // as MySQL prints it, on one line

  bool empty() const { return origins_.empty(); }
  std::uint64_t count() const;  // of transactions; at most 2^64 - 1

  bool covers(const GtidSet& other) const;
  void add(const GtidSet& other);
  GtidSet minus(const GtidSet& other) const;  // what this has and `other` lacks

  bool operator==(const GtidSet&) const = default;

 private:
  struct Interval {
    std::uint64_t first = 0, last = 0;  // both belong to it
    bool operator==(const Interval&) const = default;
  };
  using Intervals = std::vector<Interval>;
  using Origin = std::pair<std::string, std::string>;  // UUID in lower case, tag or ""

  static std::optional<Interval> parse_interval(std::string_view text);
  static Intervals merged(Intervals left, const Intervals& right);
  static Intervals difference(const Intervals& left, const Intervals& right);
  bool parse_origin(std::string_view text);

  std::map<Origin, Intervals> origins_;
};

}  // namespace relevo::model
