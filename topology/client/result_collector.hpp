// Gathers what libpq brings in single-row mode into the one result that the caller
// gets: that of the last statement, or the first error. Bounded: a result that is
// larger than a control query's is given up as it comes, before it is kept.
#pragma once

#include <libpq-fe.h>

#include <optional>
#include <string>

#include "topology/client/connection.hpp"

namespace relevo::client {

class ResultCollector {
 public:
  // False when the connection cannot be used on; failure() says why.
  bool take(const PGresult* result);
  // When libpq has no more: the rows, or the statement's error.
  Outcome<Rows> finish();
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  bool take_rows(const PGresult* result);
  bool take_error(const PGresult* result);
  bool give_up(std::string why);

  Rows rows_;
  bool complete_ = true;  // the next row belongs to the next statement
  std::size_t bytes_ = 0;
  std::optional<Failure> failure_;
};

// What libpq tells of an error or a notice, without its trailing line break.
std::string error_field(const PGresult* result, int code);
std::string server_words(const PGresult* result);
std::string trimmed(std::string text);

}  // namespace relevo::client
