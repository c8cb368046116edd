// Transaction control.
// https://dev.mysql.com/doc/refman/8.4/en/commit.html, savepoint.html, xa-statements.html
#include "proxy/route/mysql/statements.hpp"

namespace relevo::route::mysql {
namespace {

Verdict control(TransactionControl what, std::string_view word, bool begins_or_ends) {
  return {.cls = StatementClass::session,
          .reason = "transaction control",
          .subject = word,
          .transaction = what,
          .controls_transaction = begins_or_ends};
}

// BEGIN NOT ATOMIC ... END, and in Oracle mode BEGIN ... END: a block of
// statements, semicolons and all.
Verdict read_block(Reader& reader, std::string_view word) {
  reader.effect(EffectKind::unknown);
  reader.facts().may_call_routine = true;
  reader.skip_text();
  return write_verdict("runs a block of statements", word);
}

Verdict read_start(Reader& reader, std::string_view word) {
  if (!reader.accept(Keyword::transaction_)) {
    reader.facts().implicit_commit = true;  // START SLAVE, START GROUP_REPLICATION
    return write_verdict("administers the server", word);
  }
  bool read_only = false;
  for (; !reader.ended(); reader.advance()) {
    reader.facts().consistent_snapshot |= reader.at(Keyword::snapshot_);
    read_only |= reader.at(Keyword::only_);
  }
  return control(read_only ? TransactionControl::begin_read_only : TransactionControl::begin, word,
                 true);
}

// [WORK] [AND [NO] CHAIN] [[NO] RELEASE]
void read_completion(Reader& reader) {
  bool no = false;
  for (; !reader.ended(); reader.advance()) {
    if (reader.at(Keyword::chain_) && !no) reader.facts().chain = true;
    if (reader.at(Keyword::release_) && !no) reader.facts().release = true;
    no = reader.at(Keyword::no_);
  }
}

Verdict read_xa(Reader& reader, std::string_view word) {
  const Keyword verb = reader.now().keyword;
  reader.advance();
  if (verb == Keyword::recover_) {
    Verdict verdict = write_verdict("asks for what belongs to one server", word);
    verdict.unproven = true;
    return verdict;
  }
  const std::string_view xid =
      reader.at(TokenKind::string) ? reader.now().text : std::string_view{};
  switch (verb) {
    case Keyword::start_:
    case Keyword::begin_:
      reader.effect(EffectKind::xa_begin, xid);
      break;
    case Keyword::commit_:
    case Keyword::rollback_:
      reader.effect(EffectKind::xa_end, xid);
      break;
    default:  // END, PREPARE
      break;
  }
  return {.cls = StatementClass::write,
          .reason = "is part of a distributed transaction",
          .subject = word,
          .transaction = TransactionControl::two_phase,
          .controls_transaction = true};
}

}  // namespace

Verdict read_transaction_control(Reader& reader) {
  const Token first = reader.now();
  const std::string_view word = first.text;
  reader.advance();
  switch (first.keyword) {
    case Keyword::start_:
      return read_start(reader, word);
    case Keyword::begin_:
      reader.accept(Keyword::work_);
      if (!reader.ended()) return read_block(reader, word);
      return control(TransactionControl::begin, word, true);
    case Keyword::commit_:
      read_completion(reader);
      return control(TransactionControl::commit, word, true);
    case Keyword::rollback_:
      reader.accept(Keyword::work_);
      if (reader.at(Keyword::to_)) {
        return control(TransactionControl::rollback_to_savepoint, word, false);
      }
      read_completion(reader);
      return control(TransactionControl::rollback, word, true);
    case Keyword::savepoint_:
    case Keyword::release_:
      return control(TransactionControl::savepoint, word, false);
    default:
      return read_xa(reader, word);
  }
}

}  // namespace relevo::route::mysql
