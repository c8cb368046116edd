// What one statement is, and how the statements of a text add up: the same for
// every database.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::route {

struct Verdict {
  StatementClass cls = StatementClass::write;
  std::string_view reason;   // static text
  std::string_view subject;  // into the text
  TransactionControl transaction = TransactionControl::none;
  bool controls_transaction = false;
  bool unproven = false;
  std::uint32_t object = 0;  // of the catalogue
};

inline Verdict read_verdict(std::string_view reason, std::string_view subject) {
  return {.cls = StatementClass::read, .reason = reason, .subject = subject};
}
inline Verdict session_verdict(std::string_view reason, std::string_view subject) {
  return {.cls = StatementClass::session, .reason = reason, .subject = subject};
}
inline Verdict write_verdict(std::string_view reason, std::string_view subject) {
  return {.cls = StatementClass::write, .reason = reason, .subject = subject};
}

// The strictest class wins; of equals the first, with its reason; and a certain
// write over one that only lacks proof.
void join(Analysis& analysis, const Verdict& verdict);

// What follows in the text is not known, so neither is what it would do.
void give_up(Analysis& analysis, std::string_view reason);

void add_effect(Analysis& analysis, EffectKind kind, std::string_view name, std::string_view value);

// Whether some byte of the text is no ASCII character.
bool has_multibyte(std::string_view sql);

}  // namespace relevo::route
