// What statements did to the state of their session, kept until it is known
// whether that lasts: a SET counts once its transaction is committed, an advisory
// lock at once, and after a rollback to a savepoint nobody knows by the texts.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "proxy/route/owned_effect.hpp"
#include "proxy/wire/postgres/types.hpp"

namespace relevo::session::postgres {

using route::OwnedEffect;
using Effects = std::vector<OwnedEffect>;

std::unique_ptr<Effects> own_effects(const route::Analysis& analysis);  // null when there are none

class EffectLog {
 public:
  using TransactionStatus = wire::postgres::TransactionStatus;

  // A statement ran, if not always to its end.
  void ran(Effects& effects);
  // One failed, which doesn't say how far it came before that.
  void failed(const Effects* effects);
  void committed();    // by a statement that says so, everything before it
  void rolled_back();  // the whole transaction, or to a savepoint
  void lose_track() { unclear_ = true; }
  // The server is ready again. `failed`: something since it was so the last time.
  void settle(TransactionStatus status, bool failed);

  // In effect since the last call: the SETs of committed work.
  Effects take_committed() { return std::exchange(committed_, {}); }
  bool has_committed() const { return !committed_.empty(); }
  // The session's state may have changed in a way that the texts don't tell.
  bool take_unclear() { return std::exchange(unclear_, false); }

 private:
  Effects batch_;        // done since the server was ready
  Effects transaction_;  // done in the open transaction
  Effects committed_;
  bool unclear_ = false;
};

}  // namespace relevo::session::postgres
