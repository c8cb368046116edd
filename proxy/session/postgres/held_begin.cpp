#include "proxy/session/postgres/held_begin.hpp"

#include "proxy/route/words.hpp"

namespace relevo::session::postgres {
using route::Words;

namespace {

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

bool read_modes(Words& words, PlainControl& control) {
  while (!words.at_end()) {
    if (!read_mode(words, control)) return false;
    if (words.accept(",") && words.at_end()) return false;
  }
  return true;
}

bool read_end(Words& words) {
  if (!words.accept("WORK")) words.accept("TRANSACTION");
  if (words.accept("AND") && !(words.accept("NO") && words.accept("CHAIN"))) return false;
  return words.at_end();
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
    plain = words.accept("TRANSACTION") && !words.at_end() && read_modes(words, control);
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

void HeldBegin::hold(std::string_view text, const PlainControl& begin) {
  state_ = State::held;
  text_.assign(text);
  read_only_ = begin.read_only.value_or(false);
  serializable_ = begin.serializable.value_or(false);
}

route::Demand HeldBegin::demand(std::string_view first_text, const route::Demand& first) const {
  bool read_only = read_only_, serializable = serializable_;
  if (const auto control = read_plain_control(first_text);
      control && control->kind == PlainControl::Kind::set_transaction) {
    read_only = control->read_only.value_or(read_only);
    serializable = control->serializable.value_or(serializable);
  }
  return route::demand_of_transaction(read_only && !serializable, first);
}

}  // namespace relevo::session::postgres
