// Gathers what mysql_fetch_row brings into one result. Bounded: a result that is
// larger than a control query's is given up as it comes, before it is kept.
#pragma once

#include <mysql.h>

#include "topology/client/connection.hpp"

namespace relevo::client {

class MysqlResult {
 public:
  void begin(MYSQL_RES* result);
  bool take(MYSQL_RES* result, MYSQL_ROW row);  // false: larger than it may be
  Rows finish();

 private:
  Rows rows_;
  std::size_t bytes_ = 0;
};

}  // namespace relevo::client
