// The statement corpora: tests/corpus/postgres/*.sql and mysql/*.sql, read at run
// time so that several tests share one set of expectations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/statement.hpp"

namespace relevo::route::test {

struct CorpusStatement {
  std::string place;  // "select.sql:12"
  StatementClass expected = StatementClass::write;
  std::string why;
  std::string sql;
  std::string dialect;  // what the file's line "-- dialect: ..." says
};

// Ends the test program on a file that is missing or malformed.
std::vector<CorpusStatement> load_corpus(const char* folder = RELEVO_POSTGRES_CORPUS);

// What a file of PostgreSQL's corpus means by "-- dialect: NAME".
Dialect postgres_dialect_of(std::string_view name);

}  // namespace relevo::route::test
