#include "ledger.hpp"

#include <cstdlib>
#include <memory>

#include "connection.hpp"

namespace relevo::workload {

Verdict verify(const std::vector<Ledger>& ledgers, const std::string& conninfo,
               const std::string& table) {
  Verdict verdict;
  Connection connection;
  if (auto why = connection.connect(conninfo)) {
    verdict.error = *why;
    return verdict;
  }
  std::vector<std::vector<bool>> present(ledgers.size());
  for (std::size_t writer = 0; writer < ledgers.size(); ++writer) {
    present[writer].resize(ledgers[writer].outcomes().size());
  }

  const std::unique_ptr<PGresult, void (*)(PGresult*)> rows(
      PQexec(connection.raw(), ("SELECT client, seq FROM " + table).c_str()), PQclear);
  if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) {
    verdict.error = PQerrorMessage(connection.raw());
    return verdict;
  }
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    const auto client = std::strtoull(PQgetvalue(rows.get(), row, 0), nullptr, 10);
    const auto seq = std::strtoull(PQgetvalue(rows.get(), row, 1), nullptr, 10);
    if (client >= present.size() || seq == 0 || seq > present[client].size()) {
      ++verdict.alien;
    } else {
      present[client][seq - 1] = true;
    }
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
