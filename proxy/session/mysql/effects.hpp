// What is kept of a statement's analysis while its answer is awaited: the text
// that the analysis points into may be gone by then.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/route/owned_effect.hpp"

namespace relevo::session::mysql {

using route::OwnedEffect;

// Nothing is allocated for a statement without effects, that is nearly always.
struct Meaning {
  route::StatementClass cls = route::StatementClass::write;
  route::TransactionControl transaction = route::TransactionControl::none;
  std::uint32_t statements = 1;
  bool controls_transaction = false;
  bool unknown = false;  // more effects than were kept, or the text was not read
  route::MysqlFacts facts{};
  std::unique_ptr<std::vector<OwnedEffect>> effects{};
};

Meaning meaning_of(const route::Analysis& analysis);
// Of a text too large to be read: anything may have happened.
Meaning unread_meaning();

}  // namespace relevo::session::mysql
