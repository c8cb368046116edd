// LASTVAL() of MariaDB's sequences: what is noted of a statement before it goes out, and
// what is asked before the connection is given back. See session/mysql/sequences.hpp.
#include "proxy/net/mysql/client_session.hpp"
#include "proxy/route/mysql/sequence_name.hpp"

namespace relevo::net::mysql {

using route::EffectKind;
using session::mysql::Pin;
using session::mysql::Sequences;
using wire::mysql::Command;

bool ClientSession::folds_names() const { return shard_.catalog().folds_names(); }

// At the first command on a connection. True: it is being given its first state again,
// since another session's numbers could pass for this one's. In the body of a routine no
// call can be replaced; and a sequence that has been made anew, or set back, gives numbers
// once more that are remembered of others.
bool ClientSession::leaves_others_numbers(const route::Analysis* runs) {
  if (!mariadb_ || kept_ || !own_.empty() || server_->exchange.in_transaction()) return false;
  const std::uint64_t changes = shard_.catalog().marks->certain.load(std::memory_order_acquire);
  const bool old = std::exchange(server_->sequences.as_of, changes) != changes;
  if (server_->sequences.empty()) return false;
  // A view's body counts, too: one that the catalogue finds something against.
  const bool hides = runs != nullptr && (runs->mysql.may_call_routine || runs->object != 0);
  if (!old && !hides) return false;
  server_->change_user(shard_.memory().credentials(user_));
  return true;
}

// Which sequences may say something else once it has run.
void ClientSession::note_takes(const route::Analysis* runs, std::string_view sql) {
  if (!mariadb_ || runs == nullptr) return;
  if (runs->mysql.takes_next_value) note_explicit_takes(*runs);
  const route::mysql::Takers* const takers = shard_.catalog().takers();
  if (takers == nullptr || runs->cls == route::StatementClass::read) return;
  for (const std::string_view sequence :
       route::mysql::taken_by(*takers, sql, session_->dialect())) {
    if (!session_->sequences().may_have_taken(sequence)) keep_for_sequences();
  }
}

void ClientSession::note_explicit_takes(const route::Analysis& runs) {
  // A DEFAULT, which is in no catalogue yet.
  if (runs.mysql.implicit_commit) keep_for_sequences();
  // A prepared statement's names are those of where it was prepared.
  const bool prepared = plan_.way == session::mysql::CommandPlan::Way::execute;
  std::string_view schema =
      prepared ? plan_.prepared->statement->context->schema : session_->state()->schema;
  for (std::size_t i = 0; i < runs.effect_count; ++i) {
    const route::Effect& effect = runs.effects[i];
    if (effect.kind == EffectKind::use_database) schema = effect.name;
    if (effect.kind != EffectKind::take_number) continue;
    const auto key =
        route::mysql::sequence_key(effect.name, session_->dialect(), schema, folds_names());
    if (!key || !session_->sequences().may_have_taken(*key)) keep_for_sequences();
  }
}

void ClientSession::keep_for_sequences() { session_->pins().add(Pin::sequences); }

// A sequence that is made anew says NULL to all.
void ClientSession::note_dropped(const session::mysql::Done& done) {
  if (!mariadb_ || done.meaning.effects == nullptr || done.outcome.failed) return;
  for (const session::mysql::OwnedEffect& effect : *done.meaning.effects) {
    if (effect.kind != EffectKind::drop_sequence) continue;
    const auto key = route::mysql::sequence_key(effect.name, session_->dialect(),
                                                session_->state()->schema, folds_names());
    if (!key) continue;
    session_->sequences().forget(*key);
    server_->sequences.erase(*key);
  }
}

void ClientSession::ask_sequence() {
  Segments& out = shard_.worker().to_server();
  out.clear();
  own_values_.clear();
  send_own(Command::query, session_->sequences().ask_sql(), Own::ask_sequence);
  // With autocommit off it leaves a lock on the sequence, though no transaction.
  const bool autocommit = server_->exchange.status().has(wire::mysql::Status::autocommit);
  if (!autocommit) send_own(Command::query, "COMMIT AND NO CHAIN NO RELEASE", Own::state);
  flush_to_server();
  arm();
}

void ClientSession::on_sequence_asked(const session::mysql::Done& done) {
  Sequences& sequences = session_->sequences();
  bool known = false;
  if (done.outcome.failed) {
    known = sequences.on_refused(done.outcome.error);
  } else {
    known = sequences.on_answer(own_values_, server_->sequences) == Sequences::Answer::understood;
  }
  if (known) return;
  // Here it is known to the server.
  keep_for_sequences();
  giving_back_ = false;
}

}  // namespace relevo::net::mysql
