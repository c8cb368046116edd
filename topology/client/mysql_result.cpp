#include "topology/client/mysql_result.hpp"

#include <utility>

namespace relevo::client {

void MysqlResult::begin(MYSQL_RES* result) {
  rows_ = {};
  bytes_ = 0;
  const MYSQL_FIELD* const fields = mysql_fetch_fields(result);
  for (unsigned i = 0; i < mysql_num_fields(result); ++i) {
    rows_.columns.emplace_back(fields[i].name, fields[i].name_length);
  }
}

bool MysqlResult::take(MYSQL_RES* result, MYSQL_ROW row) {
  const unsigned long* const lengths = mysql_fetch_lengths(result);
  if (lengths == nullptr) return false;
  std::vector<std::optional<std::string>> values;
  values.reserve(rows_.columns.size());
  for (std::size_t i = 0; i < rows_.columns.size(); ++i) {
    if (row[i] == nullptr) {
      values.emplace_back();
      continue;
    }
    values.emplace_back(std::in_place, row[i], lengths[i]);
    bytes_ += lengths[i];
  }
  rows_.rows.push_back(std::move(values));
  return rows_.rows.size() <= result_rows_max && bytes_ <= result_bytes_max;
}

Rows MysqlResult::finish() { return std::exchange(rows_, {}); }

}  // namespace relevo::client
