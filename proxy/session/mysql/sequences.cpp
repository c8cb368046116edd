#include "proxy/session/mysql/sequences.hpp"

#include <algorithm>

namespace relevo::session::mysql {
namespace {

// https://mariadb.com/kb/en/mariadb-error-codes/
constexpr std::uint16_t bad_database = 1049, database_denied = 1044, table_denied = 1142,
                        no_such_table = 1146, not_a_sequence = 4089, not_a_sequence_either = 4090,
                        unknown_sequence = 4091;

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const std::string* SequenceNumbers::find(std::string_view sequence) const {
  const auto found = std::ranges::find(numbers_, sequence, &Number::sequence);
  return found == numbers_.end() ? nullptr : &found->number;
}

bool SequenceNumbers::set(std::string_view sequence, std::string_view number) {
  const auto found = std::ranges::find(numbers_, sequence, &Number::sequence);
  if (found != numbers_.end()) {
    found->number.assign(number);
    return true;
  }
  if (numbers_.size() == size_max) return false;
  numbers_.push_back({std::string(sequence), std::string(number)});
  return true;
}

void SequenceNumbers::erase(std::string_view sequence) {
  std::erase_if(numbers_, [&](const Number& one) { return one.sequence == sequence; });
}

bool Sequences::may_have_taken(std::string_view sequence) {
  if (std::ranges::find(taken_, sequence) != taken_.end()) return true;
  if (taken_.size() == SequenceNumbers::size_max) return false;
  taken_.emplace_back(sequence);
  return true;
}

void Sequences::clear() {
  own_.clear();
  taken_.clear();
}

// Nobody waits for more than a moment: whoever changes the sequence may wait for long.
std::string Sequences::ask_sql() const {
  return "SET STATEMENT lock_wait_timeout=1 FOR SELECT LASTVAL(" + taken_.back() + ")";
}

Sequences::Answer Sequences::on_answer(const std::vector<std::string>& values,
                                       SequenceNumbers& connection) {
  const bool null = values.size() == 1 && values[0].empty();
  if (!null && (values.size() != 1 || !is_whole_number(values[0]))) return Answer::no_number;
  const std::string sequence = std::move(taken_.back());
  taken_.pop_back();
  if (null) {
    connection.erase(sequence);
    return Answer::understood;
  }
  const std::string* const before = connection.find(sequence);
  if (before != nullptr && *before == values[0]) return Answer::understood;  // nothing was taken
  const bool room = connection.set(sequence, values[0]) && own_.set(sequence, values[0]);
  return room ? Answer::understood : Answer::no_room;
}

// What this user cannot ask about, this session cannot ask about: there is nothing to keep.
bool Sequences::on_refused(std::uint16_t error) {
  switch (error) {
    case bad_database:
    case database_denied:
    case table_denied:
    case no_such_table:
    case not_a_sequence:
    case not_a_sequence_either:
    case unknown_sequence:
      taken_.pop_back();
      return true;
    default:
      return false;
  }
}

std::optional<std::string> own_value(const LastValues& values, std::string_view call,
                                     std::string_view sequence) {
  const std::string* const own = values.own.find(sequence);
  const std::string* const said = values.connection.find(sequence);
  if (said == nullptr && own == nullptr) return std::nullopt;
  if (said != nullptr && own != nullptr && *said == *own) return std::nullopt;
  // NULL: nothing has been taken here, since the sequence was made perhaps.
  std::string out = "IF(";
  if (said == nullptr) {
    out.append(call).append(" IS NULL,");
  } else {
    out.append("IFNULL(").append(call).append(",").append(*said).append(")=").append(*said);
    out.append(",");
  }
  out.append(own != nullptr ? std::string_view(*own) : "NULL").append(",").append(call);
  return out.append(")");
}

}  // namespace relevo::session::mysql
