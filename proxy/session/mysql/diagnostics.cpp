#include "proxy/session/mysql/diagnostics.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::session::mysql {
namespace {

using route::FoundRows;

bool sets_last_insert_id(const Meaning& meaning) {
  const route::MysqlFacts& facts = meaning.facts;
  if (facts.sets_last_insert_id || facts.may_call_routine || meaning.unknown) return true;
  if (meaning.effects == nullptr) return false;
  return std::any_of(meaning.effects->begin(), meaning.effects->end(),
                     [](const OwnedEffect& effect) {
                       const std::string name = fold_variable_name(effect.name);
                       return (effect.kind == route::EffectKind::set ||
                               effect.kind == route::EffectKind::set_computed) &&
                              (name == "last_insert_id" || name == "identity");
                     });
}

template <typename Number>
bool read_number(std::string_view decimal, Number& value) {
  const char* const end = decimal.data() + decimal.size();
  const auto read = std::from_chars(decimal.data(), end, value);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

Diagnostics::Need Diagnostics::need(const route::MysqlFacts& facts) const {
  if (facts.diagnostics) return keeps_ ? Need::same_connection : Need::clean_slate;
  if (facts.uses_last_insert_id) return Need::last_insert_id;
  return Need::nothing;
}

void Diagnostics::on_reply(const Meaning& meaning, const Outcome& outcome) {
  if (outcome.last_insert_id != 0 || sets_last_insert_id(meaning)) stale_ = true;
  // GET DIAGNOSTICS leaves it. (SET @n = @@warning_count doesn't, and pins as well.)
  const bool leaves = meaning.facts.diagnostics && !outcome.failed && !outcome.ends_with_rows &&
                      outcome.affected_rows == 0;
  if (!leaves) note_row_count(outcome);
  note_found_rows(meaning, outcome);
  // SHOW WARNINGS leaves what it shows.
  if (meaning.facts.diagnostics && !outcome.failed) return;
  keeps_ = outcome.failed || outcome.warnings > 0;
}

void Diagnostics::on_command(const Outcome& outcome) {
  const bool tells = outcome.failed || outcome.any_ok || outcome.ends_with_rows;
  if (tells) note_row_count(outcome);
}

// The same number as in the OK; of rows and of errors there is none.
void Diagnostics::note_row_count(const Outcome& outcome) {
  const bool none = outcome.failed || outcome.ends_with_rows;
  counts_.row_count = none ? -1 : static_cast<std::int64_t>(outcome.affected_rows);
  row_count_known_ = true;
  row_count_moved_ = false;
}

void Diagnostics::note_found_rows(const Meaning& meaning, const Outcome& outcome) {
  const FoundRows told = meaning.unknown ? FoundRows::unknown : meaning.facts.found_rows;
  // It is about the last SELECT that succeeded.
  const bool part_ran = meaning.statements > 1 && outcome.any_result_set;
  if (told == FoundRows::unchanged || (outcome.failed && !part_ran)) return;
  found_rows_moved_ = found_rows_known_ = false;
  if (outcome.failed) {
    // The last of them that gave rows. Nothing is left to be asked: a ping follows.
    found_rows_known_ = true;
    counts_.found_rows = outcome.rows;
    return;
  }
  if (outcome.status.has(wire::mysql::Status::cursor_exists)) return;
  if (told == FoundRows::result && outcome.any_result_set) {
    // Of none it cannot be told how many were skipped.
    found_rows_known_ = outcome.rows > 0 || meaning.facts.found_offset == 0;
    counts_.found_rows = outcome.rows + meaning.facts.found_offset;
  } else if (told == FoundRows::matched) {
    found_rows_known_ = true;
    counts_.found_rows = outcome.matched_rows;
  }
}

void Diagnostics::move_row_count(std::int64_t rows) {
  counts_.row_count = rows;
  row_count_known_ = row_count_moved_ = true;
}

void Diagnostics::answered_row() {
  move_row_count(-1);
  counts_.found_rows = 1;
  found_rows_known_ = found_rows_moved_ = true;
}

std::string_view Diagnostics::ask_sql() const {
  return counts_known() ? "SELECT LAST_INSERT_ID()"
                        : "SELECT LAST_INSERT_ID(),ROW_COUNT(),FOUND_ROWS()";
}

bool Diagnostics::on_answer(const std::vector<std::string>& values) {
  const bool counts = !counts_known();
  if (values.size() != (counts ? 3 : 1)) return false;
  std::uint64_t last_insert_id = 0;
  Counts asked;
  if (!read_number(values[0], last_insert_id)) return false;
  if (counts && !read_number(values[1], asked.row_count)) return false;
  if (counts && !read_number(values[2], asked.found_rows)) return false;
  last_insert_id_ = last_insert_id;
  if (!row_count_known_) counts_.row_count = asked.row_count;
  if (!found_rows_known_) counts_.found_rows = asked.found_rows;
  stale_ = false;
  row_count_known_ = found_rows_known_ = true;
  return true;
}

std::string Diagnostics::restore_sql() const {
  return "SET last_insert_id=" + std::to_string(last_insert_id_);
}

// A reset leaves FOUND_ROWS() as it is.
void Diagnostics::reset() {
  const auto found_rows = found_rows_known_ ? std::optional(counts_.found_rows) : std::nullopt;
  *this = Diagnostics(mariadb_);
  if (found_rows) counts_.found_rows = *found_rows;
}

}  // namespace relevo::session::mysql
