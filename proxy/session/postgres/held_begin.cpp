#include "proxy/session/postgres/held_begin.hpp"

#include <algorithm>
#include <array>

namespace relevo::session::postgres {
namespace {

constexpr std::string_view blanks = " \t\n\r\f\v";

// Words between blanks; commas and semicolons are words of their own.
class Words {
 public:
  explicit Words(std::string_view text) : left_(text) { advance(); }

  bool ended() const { return now_.empty(); }
  // `word`: in upper case.
  bool accept(std::string_view word) {
    const bool same = std::equal(now_.begin(), now_.end(), word.begin(), word.end(),
                                 [](char a, char b) { return to_upper(a) == b; });
    if (same) advance();
    return same;
  }

 private:
  static char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

  void advance() {
    left_.remove_prefix(std::min(left_.find_first_not_of(blanks), left_.size()));
    std::size_t bytes = std::min(left_.find_first_of(" \t\n\r\f\v,;"), left_.size());
    if (bytes == 0 && !left_.empty()) bytes = 1;
    now_ = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
  }

  std::string_view left_, now_;
};

bool read_isolation(Words& words, PlainControl& control) {
  if (!words.accept("LEVEL") || control.serializable) return false;
  control.serializable = words.accept("SERIALIZABLE");
  if (*control.serializable) return true;
  if (words.accept("REPEATABLE")) return words.accept("READ");
  return words.accept("READ") && (words.accept("COMMITTED") || words.accept("UNCOMMITTED"));
}

bool read_mode(Words& words, PlainControl& control) {
  if (words.accept("ISOLATION")) return read_isolation(words, control);
  if (words.accept("READ")) {
    if (control.read_only) return false;
    control.read_only = words.accept("ONLY");
    return *control.read_only || words.accept("WRITE");
  }
  if (words.accept("NOT")) return words.accept("DEFERRABLE");
  return words.accept("DEFERRABLE");
}

bool at_end(Words& words) {
  words.accept(";");
  return words.ended();
}

bool read_modes(Words& words, PlainControl& control) {
  while (!at_end(words)) {
    if (!read_mode(words, control)) return false;
    if (words.accept(",") && at_end(words)) return false;
  }
  return true;
}

bool read_end(Words& words) {
  if (!words.accept("WORK")) words.accept("TRANSACTION");
  if (words.accept("AND") && !(words.accept("NO") && words.accept("CHAIN"))) return false;
  return at_end(words);
}

}  // namespace

std::optional<PlainControl> read_plain_control(std::string_view sql) {
  using Kind = PlainControl::Kind;
  if (sql.size() > HeldBegin::text_bytes_max) return std::nullopt;
  Words words(sql);
  PlainControl control;
  bool plain = false;
  if (words.accept("BEGIN")) {
    control.tag = "BEGIN";
    if (!words.accept("WORK")) words.accept("TRANSACTION");
    plain = read_modes(words, control);
  } else if (words.accept("START")) {
    control.tag = "START TRANSACTION";
    plain = words.accept("TRANSACTION") && read_modes(words, control);
  } else if (words.accept("SET")) {
    control.kind = Kind::set_transaction;
    control.tag = "SET";
    plain = words.accept("TRANSACTION") && !at_end(words) && read_modes(words, control);
  } else if (words.accept("COMMIT") || words.accept("END")) {
    control.kind = Kind::commit;
    control.tag = "COMMIT";
    plain = read_end(words);
  } else if (words.accept("ROLLBACK") || words.accept("ABORT")) {
    control.kind = Kind::rollback;
    control.tag = "ROLLBACK";
    plain = read_end(words);
  }
  return plain ? std::optional(control) : std::nullopt;
}

void HeldBegin::hold(std::string_view text, const PlainControl& begin,
                     const route::Demand& demand) {
  state_ = State::held;
  text_.assign(text);
  demand_ = demand;
  read_only_ = begin.read_only.value_or(false);
  serializable_ = begin.serializable.value_or(false);
}

route::Demand HeldBegin::demand(std::string_view first_text, const route::Demand& first) const {
  using route::Need;
  bool read_only = read_only_, serializable = serializable_;
  if (const auto control = read_plain_control(first_text);
      control && control->kind == PlainControl::Kind::set_transaction) {
    read_only = control->read_only.value_or(read_only);
    serializable = control->serializable.value_or(serializable);
  } else if (first.need == Need::write && !first.unproven) {
    return first;  // there are things that only the primary can do, READ ONLY or not
  }
  route::Demand demand = demand_;
  const bool replica_will_do = read_only && !serializable;
  demand.need = replica_will_do ? Need::read : Need::write;
  demand.unproven = !replica_will_do;  // as for any BEGIN
  return demand;
}

}  // namespace relevo::session::postgres
