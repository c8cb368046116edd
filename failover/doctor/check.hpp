// The table of checks: a row is a name, the servers that it is for, what is wanted,
// why, and a judgement that is a function of the facts alone. Documentation and
// relevoctl speak from the same row.
//
// Invariant: a judgement that does not have all that it needs is silent, and one that
// speaks has named what mends it, in words that this server's version knows.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "failover/doctor/facts.hpp"
#include "topology/model/diagnosis.hpp"

namespace relevo::doctor {

using model::Gravity;
using model::TakesEffect;

struct Remedy {
  std::vector<std::string> statements;
  TakesEffect takes_effect = TakesEffect::by_hand;
  std::string on;  // "": the node that it was found on
};

enum Servers : unsigned { postgres = 1, mysql = 2, mariadb = 4, both_mysql = 6, every = 7 };

class Subject;

struct Check {
  std::string_view name;
  unsigned servers;
  std::string_view wanted;
  std::string_view why;  // one sentence
  void (*judge)(Subject&);
};

// One node under one check.
class Subject {
 public:
  Subject(const ClusterFacts& of, const NodeFacts& at, const Check& by,
          std::vector<model::Finding>& into)
      : cluster(of), node(at), check_(by), findings_(into) {}

  void find(Gravity gravity, std::string found, Remedy remedy);
  // Of quorum mode, and what Relevo sets by itself if it is to: then nothing has to be run.
  void find_kept(Gravity gravity, std::string found, Remedy remedy);

  bool has(std::string_view setting) const { return node.settings.contains(setting); }
  std::string_view text(std::string_view setting) const;  // "" when it was not told
  std::optional<double> number(std::string_view setting) const;
  bool is_on(std::string_view setting) const;
  bool is_off(std::string_view setting) const;  // told, and not on
  // The first of these that the server has; "" when it has none.
  std::string_view present(std::initializer_list<std::string_view> names) const;

  const NodeFacts* primary() const;
  bool is_primary() const { return primary() == &node; }
  std::size_t others() const { return cluster.nodes.size() - 1; }
  bool is_mariadb() const { return node.flavor == model::Flavor::mariadb; }

  // What sets a setting for good, as the server has it.
  Remedy set(std::string_view setting, std::string_view value) const;
  Remedy set_at_restart(std::string_view setting, std::string_view value) const;

  const ClusterFacts& cluster;
  const NodeFacts& node;

 private:
  const Check& check_;
  std::vector<model::Finding>& findings_;
};

Remedy by_hand(std::string what, std::string on = "");

std::span<const Check> postgres_checks();
std::span<const Check> mysql_checks();
std::span<const Check> semi_sync_checks();
std::span<const Check> account_checks();

// "4 s", "100 ms"; "30.5 s".
std::string duration_text(double milliseconds);

}  // namespace relevo::doctor
