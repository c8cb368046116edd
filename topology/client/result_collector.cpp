#include "topology/client/result_collector.hpp"

#include <utility>

namespace relevo::client {

std::string error_field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

std::string server_words(const PGresult* result) {
  std::string words = error_field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = error_field(result, PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) words += " (" + detail + ")";
  return words;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

bool ResultCollector::take(const PGresult* result) {
  switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
      return take_rows(result);
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      rows_ = {};
      complete_ = true;
      return true;
    case PGRES_FATAL_ERROR:
      return take_error(result);
    default:
      return give_up("the statement began a COPY");
  }
}

bool ResultCollector::take_error(const PGresult* result) {
  if (failure_) return true;  // the first says most
  const std::string sqlstate = error_field(result, PG_DIAG_SQLSTATE);
  if (sqlstate.empty()) return give_up(trimmed(PQresultErrorMessage(result)));  // libpq's own
  failure_ = Failure{FailureKind::server_error, sqlstate, server_words(result)};
  return true;
}

// A statement's rows come one by one, then a result of none.
bool ResultCollector::take_rows(const PGresult* result) {
  if (complete_) rows_ = {};
  complete_ = PQresultStatus(result) == PGRES_TUPLES_OK;
  const int width = PQnfields(result);
  if (rows_.columns.empty()) {
    for (int column = 0; column < width; ++column) {
      rows_.columns.emplace_back(PQfname(result, column));
    }
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<std::optional<std::string>> values;
    values.reserve(static_cast<std::size_t>(width));
    for (int column = 0; column < width; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        values.emplace_back();
        continue;
      }
      const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
      values.emplace_back(std::in_place, PQgetvalue(result, row, column), length);
      bytes_ += length;
    }
    rows_.rows.push_back(std::move(values));
    if (rows_.rows.size() > result_rows_max || bytes_ > result_bytes_max) {
      return give_up("the result is larger than a control query's");
    }
  }
  return true;
}

bool ResultCollector::give_up(std::string why) {
  failure_ = Failure{FailureKind::reset, "", std::move(why)};
  return false;
}

Outcome<Rows> ResultCollector::finish() {
  if (failure_) return tl::make_unexpected(*failure_);
  return std::exchange(rows_, {});
}

}  // namespace relevo::client
