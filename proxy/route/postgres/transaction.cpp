// Transaction control.
// https://www.postgresql.org/docs/current/sql-begin.html and its neighbours
#include "proxy/route/postgres/statements.hpp"

namespace relevo::route::postgres {
namespace {

// The modes behind BEGIN. A replica will do only if READ ONLY is certain, and
// never for SERIALIZABLE, which a server in recovery refuses.
bool replica_will_do(Reader& reader) {
  bool read_only = false;
  for (; !reader.ended(); reader.advance()) {
    if (reader.at(Keyword::serializable_) || reader.at(Keyword::write_)) {
      reader.skip_statement();
      return false;
    }
    if (reader.at(Keyword::read_) && reader.peek().is(Keyword::only_)) read_only = true;
  }
  return read_only;
}

Verdict control(TransactionControl what, std::string_view word, bool begins_or_ends) {
  return {.cls = StatementClass::session,
          .reason = "transaction control",
          .subject = word,
          .transaction = what,
          .controls_transaction = begins_or_ends};
}

// COMMIT PREPARED and ROLLBACK PREPARED finish somebody else's transaction:
// writes, and no change to this session's own.
Verdict finish_prepared(std::string_view word) {
  return {.cls = StatementClass::write,
          .reason = "finishes a prepared transaction",
          .subject = word,
          .transaction = TransactionControl::two_phase};
}

}  // namespace

Verdict read_transaction_control(Reader& reader) {
  const Token first = reader.now();
  const std::string_view word = first.text;
  reader.advance();
  switch (first.keyword) {
    case Keyword::start_:
      if (!reader.accept(Keyword::transaction_)) break;
      [[fallthrough]];
    case Keyword::begin_:
      return control(
          replica_will_do(reader) ? TransactionControl::begin_read_only : TransactionControl::begin,
          word, true);
    case Keyword::commit_:
    case Keyword::end_:
      if (reader.at(Keyword::prepared_)) return finish_prepared(word);
      return control(TransactionControl::commit, word, true);
    case Keyword::rollback_:
      if (reader.at(Keyword::prepared_)) return finish_prepared(word);
      [[fallthrough]];
    case Keyword::abort_:
      if (!reader.accept(Keyword::work_)) reader.accept(Keyword::transaction_);
      if (reader.at(Keyword::to_)) {
        return control(TransactionControl::rollback_to_savepoint, word, false);
      }
      return control(TransactionControl::rollback, word, true);
    case Keyword::savepoint_:
    case Keyword::release_:
      return control(TransactionControl::savepoint, word, false);
    default:
      break;
  }
  return write_verdict("not known to be a read", word);
}

}  // namespace relevo::route::postgres
