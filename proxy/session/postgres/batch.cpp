#include "proxy/session/postgres/batch.hpp"

#include <array>
#include <memory>
#include <optional>

#include "proxy/route/shape.hpp"
#include "proxy/route/token.hpp"
#include "proxy/session/postgres/token.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using route::Demand;
using route::Need;
using wire::Frontend;

namespace {

// The demands of a batch's statements put together: the strictest wins.
class Planner {
 public:
  Planner(BatchPlan& plan, const StatementNames& statements, PreparedTable& table,
          route::Dialect dialect, const route::RefusedShapes* refused)
      : plan_(plan), statements_(statements), table_(table), dialect_(dialect), refused_(refused) {}

  bool on_query(std::string_view body);
  bool on_message(const wire::Header& header, std::string_view body);
  void add_unknown(std::string_view reason);
  void finish();

 private:
  bool on_parse(std::string_view body);
  bool on_bind(std::string_view prefix, std::size_t body_bytes);
  bool on_describe_or_close(std::string_view body, bool describe);
  void add(const route::Analysis& analysis, std::string_view text, route::Dialect dialect);
  void add(const PreparedStatement& statement) {
    add(statement.analysis(dialect_.naming), statement.text, statement.dialect);
  }
  void use(std::string_view statement);
  bool malformed(std::string_view what) {
    plan_.status = BatchPlan::Status::malformed;
    plan_.error = what;
    return false;
  }

  BatchPlan& plan_;
  const StatementNames& statements_;
  PreparedTable& table_;
  route::Dialect dialect_;
  const route::RefusedShapes* refused_;
  std::optional<Demand> demand_;
  bool asks_ = false;
  bool other_ = false;  // some statement does not end a transaction
  // Parsed in this very batch. A batch that prepares more than this and uses
  // them by name is of unknown class.
  struct Named {
    std::string_view name;
    Prepared statement;
  };
  static constexpr std::size_t parsed_max = 8;
  std::optional<std::array<Named, parsed_max>> parsed_;  // made for the first
  std::size_t parsed_count_ = 0;
};

bool is_ending(route::TransactionControl control) {
  return control == route::TransactionControl::commit ||
         control == route::TransactionControl::rollback;
}

void Planner::add(const route::Analysis& analysis, std::string_view text, route::Dialect dialect) {
  Demand demand = route::demand_of(analysis);
  plan_.bad_token = plan_.bad_token || sets_bad_token(analysis);
  std::string_view reason = analysis.reason;
  if (refused_ != nullptr && !refused_->empty() && (demand.need == Need::read || demand.unproven) &&
      refused_->contains(route::shape_of_postgres(text, dialect))) {
    demand.need = Need::write;
    demand.unproven = false;
    reason = route::refused_reason;
  }
  const auto strictness = [](Need need) {
    return need == Need::write ? 2 : need == Need::session ? 1 : 0;
  };
  if (!demand_ || strictness(demand.need) > strictness(demand_->need)) {
    const bool first = !demand_.has_value();
    const route::Hint hint = first ? demand.hint : demand_->hint;
    demand_ = demand;
    demand_->hint = hint;
    plan_.reason = reason;
  } else if (demand_->need == demand.need) {
    demand_->unproven = demand_->unproven && demand.unproven;
  }
  // Preparing and then using one statement adds it twice.
  const bool ends = is_ending(analysis.transaction);
  other_ = other_ || !ends;
  plan_.only_ends = ends && !other_;
  plan_.commits = ends && analysis.transaction == route::TransactionControl::commit;
  plan_.ends_transaction = plan_.ends_transaction || ends;
  plan_.begins_transaction = plan_.begins_transaction ||
                             analysis.transaction == route::TransactionControl::begin ||
                             analysis.transaction == route::TransactionControl::begin_read_only;
}

void Planner::add_unknown(std::string_view reason) {
  demand_ = Demand{.need = Need::write, .unproven = false, .hint = {}};
  plan_.reason = reason;
}

void Planner::use(std::string_view statement) {
  for (std::size_t i = parsed_count_; i-- > 0;) {
    const Named& named = (*parsed_)[i];
    if (named.name == statement) return add(*named.statement);
  }
  if (const auto found = statements_.find(statement);
      found != statements_.end() && found->second != nullptr) {
    return add(*found->second);
  }
  add_unknown("uses a prepared statement that is not known");
}

bool Planner::on_query(std::string_view body) {
  const auto sql = wire::decode_query(wire::as_bytes(body));
  if (!sql) return malformed("malformed Query message");
  plan_.token = route::asks_for_token_postgres(*sql, dialect_);
  if (plan_.token) {
    plan_.analysis = token_analysis();
  } else {
    table_.queries().analyze(*sql, dialect_, plan_.analysis);
  }
  add(plan_.analysis, *sql, dialect_);
  if (plan_.token) add_unknown(token_reason);
  return true;
}

bool Planner::on_parse(std::string_view body) {
  const auto parse = wire::decode_parse(wire::as_bytes(body));
  if (!parse) return malformed("malformed Parse message");
  const auto rest = wire::decode_parse_head(wire::as_bytes(body), body.size());
  if (!rest) return malformed("malformed Parse message");
  const auto types = body.substr(rest->rest_at + parse->query.size() + 1);
  const bool token = route::asks_for_token_postgres(parse->query, dialect_);
  Prepared statement =
      table_.intern(token ? route::token_sql_postgres() : parse->query, types, dialect_);
  asks_ = true;
  if (parsed_count_ == parsed_max) {
    add_unknown("prepares many statements in one batch");
    return true;
  }
  add(*statement);
  if (!parsed_) parsed_.emplace();
  (*parsed_)[parsed_count_++] = {parse->statement, std::move(statement)};
  return true;
}

bool Planner::on_bind(std::string_view prefix, std::size_t body_bytes) {
  const auto bind = wire::decode_bind_head(wire::as_bytes(prefix), body_bytes);
  if (bind.is_malformed()) return malformed("malformed Bind message");
  asks_ = true;
  if (!bind) {
    plan_.oversized = true;
    return true;
  }
  use(bind->statement);
  return true;
}

bool Planner::on_describe_or_close(std::string_view body, bool describe) {
  const auto target = wire::decode_describe_or_close(wire::as_bytes(body));
  if (!target) return malformed("malformed Describe or Close message");
  if (target->target == wire::Target::portal) {
    asks_ = true;
  } else if (describe) {
    asks_ = true;
    use(target->name);
  }
  return true;
}

bool Planner::on_message(const wire::Header& header, std::string_view body) {
  switch (static_cast<Frontend>(header.type)) {
    case Frontend::parse:
      return on_parse(body);
    case Frontend::bind:
      return on_bind(body, header.body_bytes);
    case Frontend::describe:
      return on_describe_or_close(body, true);
    case Frontend::close:
      return on_describe_or_close(body, false);
    case Frontend::execute:
      if (!wire::decode_execute(wire::as_bytes(body)))
        return malformed("malformed Execute message");
      asks_ = true;
      plan_.executes = true;
      return true;
    case Frontend::flush:
      return true;
    // Left over from a copy that ended early: the server ignores them, too.
    case Frontend::copy_data:
    case Frontend::copy_done:
    case Frontend::copy_fail:
      return true;
    default:
      return malformed("unexpected message type");
  }
}

void Planner::finish() {
  plan_.nothing_to_ask = !asks_ && !plan_.query && !plan_.oversized;
  if (plan_.oversized) {
    add_unknown("too large to be looked at as a whole");
  } else if (asks_ && !plan_.ends_with_sync) {
    add_unknown("may go on: it does not end with Sync");
  }
  if (demand_) {
    plan_.demand = *demand_;
  } else {
    plan_.demand.need = Need::session;
  }
}

}  // namespace

void plan_batch(BatchPlan& plan, std::string_view bytes, std::size_t bytes_max,
                const StatementNames& statements, PreparedTable& table, route::Dialect dialect,
                const route::RefusedShapes* refused) {
  std::destroy_at(&plan);  // an assignment would build another one first, and copy it
  std::construct_at(&plan);
  Planner planner(plan, statements, table, dialect, refused);
  std::size_t at = 0;
  const auto ready = [&] {
    plan.status = BatchPlan::Status::ready;
    plan.bytes = at;
    planner.finish();
  };
  while (true) {
    const std::string_view left = bytes.substr(at);
    const auto header = wire::read_header(wire::as_bytes(left));
    if (header.is_malformed()) {
      plan.status = BatchPlan::Status::malformed;
      plan.error = header.error();
      return;
    }
    if (!header) {
      if (bytes.size() < bytes_max) return;
      plan.oversized = true;
      return ready();
    }
    const bool empty = header->is(Frontend::sync) || header->is(Frontend::flush);
    if (empty && header->body_bytes != 0) {
      plan.status = BatchPlan::Status::malformed;
      plan.error = "Sync or Flush has a body";
      return;
    }
    const bool complete = left.size() >= header->total_bytes();
    if (header->is(Frontend::terminate)) {
      if (at > 0) return ready();  // what comes before it is still done
      plan.status = BatchPlan::Status::terminate;
      return;
    }
    if (!complete && bytes.size() < bytes_max && at + header->total_bytes() <= bytes_max) return;
    const std::string_view body = left.substr(
        wire::limits::header_bytes,
        std::min<std::size_t>(header->body_bytes, left.size() - wire::limits::header_bytes));
    if (header->is(Frontend::query) || header->is(Frontend::function_call)) {
      if (at > 0) return ready();  // the extended batch before it lacks its Sync
      plan.query = true;
      plan.executes = true;
      plan.oversized = !complete;
      plan.whole = complete && header->is(Frontend::query);
      at = complete ? header->total_bytes() : 0;
      if (header->is(Frontend::function_call)) {
        planner.add_unknown("calls a function by the fast path");
      } else if (complete && !planner.on_query(body)) {
        return;
      }
      return ready();
    }
    if (header->is(Frontend::sync)) {
      at += header->total_bytes();
      plan.ends_with_sync = true;
      plan.whole = !plan.oversized;
      return ready();
    }
    if (!complete && !header->is(Frontend::bind)) {
      plan.oversized = true;
      return ready();
    }
    if (!planner.on_message(*header, body)) return;
    if (!complete) {
      plan.oversized = true;
      return ready();
    }
    at += header->total_bytes();
    if (header->is(Frontend::flush)) return ready();
  }
}

}  // namespace relevo::session::postgres
