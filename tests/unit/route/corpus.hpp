// The statement corpus: tests/corpus/postgres/*.sql, read at run time so that
// several tests share one set of expectations.
#pragma once

#include <string>
#include <vector>

#include "proxy/route/statement.hpp"

namespace relevo::route::test {

struct CorpusStatement {
  std::string place;  // "select.sql:12"
  StatementClass expected = StatementClass::write;
  std::string why;
  std::string sql;
};

// Ends the test program on a file that is missing or malformed.
std::vector<CorpusStatement> load_corpus();

}  // namespace relevo::route::test
