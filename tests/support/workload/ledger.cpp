#include "ledger.hpp"

#include <cstdlib>

namespace relevo::workload {

Verdict verify(const std::vector<Ledger>& ledgers, Engine engine, const std::string& conninfo,
               const std::string& table) {
  Verdict verdict;
  const auto connection = make_connection(engine);
  if (auto why = connection->connect(conninfo)) {
    verdict.error = *why;
    return verdict;
  }
  std::vector<std::vector<bool>> present(ledgers.size());
  for (std::size_t writer = 0; writer < ledgers.size(); ++writer) {
    present[writer].resize(ledgers[writer].outcomes().size());
  }

  const auto mark = [&](const Connection::Row& row) {
    const auto client = std::strtoull(row[0].c_str(), nullptr, 10);
    const auto seq = std::strtoull(row[1].c_str(), nullptr, 10);
    if (client >= present.size() || seq == 0 || seq > present[client].size()) {
      ++verdict.alien;
    } else {
      present[client][seq - 1] = true;
    }
  };
  if (auto why = connection->each_row("SELECT client, seq FROM " + table, mark)) {
    verdict.error = *why;
    return verdict;
  }

  constexpr std::size_t max_examples = 20;
  for (std::size_t writer = 0; writer < ledgers.size(); ++writer) {
    const auto& outcomes = ledgers[writer].outcomes();
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
      const bool there = present[writer][index];
      switch (outcomes[index]) {
        case Outcome::acknowledged:
          ++verdict.acknowledged;
          if (!there) {
            ++verdict.missing;
            if (verdict.examples.size() < max_examples) {
              verdict.examples.emplace_back(static_cast<int>(writer), index + 1);
            }
          }
          break;
        case Outcome::refused:
          ++verdict.refused;
          verdict.refused_present += there ? 1 : 0;
          break;
        case Outcome::unknown:
          ++verdict.unknown;
          verdict.unknown_present += there ? 1 : 0;
          break;
      }
    }
  }
  return verdict;
}

}  // namespace relevo::workload
