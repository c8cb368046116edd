// Towards the server, the extended protocol: what a client prepared is found,
// or prepared anew, on whichever connection the session has.
#include "proxy/net/postgres/client_session.hpp"
#include "proxy/route/token.hpp"
#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::Audience;
using session::postgres::Expected;
using session::postgres::Prepared;

namespace {

constexpr std::size_t head_bytes_max = 256 * 1024;      // names of a Bind, before its values
constexpr std::size_t statement_bytes_max = 64U << 20;  // of one session's prepared statements
constexpr std::size_t portals_max = 1000;

std::string_view body_of(std::string_view whole) {
  return whole.substr(wire::limits::header_bytes);
}

}  // namespace

void ClientSession::prepare(const Prepared& statement, Audience audience) {
  auto& exchange = server_->exchange;
  Segments& out = shard_.worker().to_server();
  const std::uint64_t evicted = server_->statements.add(statement->id);
  if (evicted != 0) {
    wire::Writer writer(out.text());
    wire::encode_close(writer, wire::Target::statement,
                       session::postgres::server_statement_name(evicted));
    exchange.expect_close(Audience::proxy, evicted);
  }
  statement->append_parse(out.text(), statement->server_name);
  out.own();
  exchange.expect_parse(audience, statement);
}

// The unnamed statement is the session's, and the connection may have another's.
void ClientSession::prepare_unnamed() {
  if (unnamed_ == nullptr || server_->unnamed == unnamed_) return;
  Segments& out = shard_.worker().to_server();
  unnamed_->append_parse(out.text(), "");
  out.own();
  server_->exchange.expect_parse(Audience::proxy, nullptr);
  server_->unnamed = unnamed_;
}

bool ClientSession::forward_parse(const wire::Header& header, std::string_view whole) {
  const auto body = wire::as_bytes(body_of(whole));
  const auto parse = wire::decode_parse(body);
  const auto head = wire::decode_parse_head(body, header.body_bytes);
  if (!parse || !head) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Parse message");
    return false;
  }
  batch_open_ = true;
  look_at_names();
  const auto types = body_of(whole).substr(head->rest_at + parse->query.size() + 1);
  const bool token = route::asks_for_token_postgres(parse->query, dialect_);
  const Prepared statement = shard_.prepared_table().intern(
      token ? route::token_sql_postgres() : parse->query, types, dialect_);
  if (parse->statement.empty()) {
    unnamed_ = statement;
    server_->unnamed = statement;
    server_->exchange.expect_parse(Audience::client, nullptr);
    if (!token) {
      pass(whole);
      return true;
    }
    Segments& out = shard_.worker().to_server();
    statement->append_parse(out.text(), "");
    out.own();
    cursor_ += whole.size();
    return true;
  }
  const auto known = statements_.find(parse->statement);
  if (known != statements_.end()) {
    // The name is taken. The server says so best, about the name that it knows.
    if (!server_->statements.has(known->second->id)) prepare(known->second, Audience::proxy);
    Segments& out = shard_.worker().to_server();
    statement->append_parse(out.text(), known->second->server_name);
    out.own();
    server_->exchange.expect_parse(Audience::client, nullptr);
    cursor_ += whole.size();
    return true;
  }
  statement_bytes_ += parse->query.size() + parse->statement.size();
  if (statement_bytes_ > statement_bytes_max) {
    statement_bytes_ = 0;
    for (const auto& [name, held] : statements_)
      statement_bytes_ += held->text.size() + name.size();
    if (statement_bytes_ > statement_bytes_max) {
      end("53200", "the session's prepared statements take more than 64 MiB");
      return false;
    }
  }
  statements_.emplace(std::string(parse->statement), statement);
  parsed_in_batch_.emplace_back(parse->statement);
  if (server_->statements.has(statement->id)) {
    server_->exchange.answer_locally(Expected::local_parse_complete);
  } else {
    prepare(statement, Audience::client);
  }
  cursor_ += whole.size();
  return true;
}

bool ClientSession::forward_bind(const wire::Header& header, std::string_view left) {
  const auto body = wire::as_bytes(body_of(left));
  const auto bind = wire::decode_bind_head(
      body.first(std::min<std::size_t>(body.size(), header.body_bytes)), header.body_bytes);
  if (bind.needs_more() && left.size() < head_bytes_max) return false;
  if (!bind) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Bind message");
    return false;
  }
  batch_open_ = true;
  Prepared statement;
  if (bind->statement.empty()) {
    prepare_unnamed();
    statement = unnamed_;
  } else if (const auto found = statements_.find(bind->statement); found != statements_.end()) {
    statement = found->second;
    if (!server_->statements.has(statement->id)) prepare(statement, Audience::proxy);
  }
  if (bind->portal.empty()) {
    unnamed_portal_ = statement;
  } else if (portals_.size() < portals_max) {
    portals_.insert_or_assign(std::string(bind->portal), statement);
  }
  server_->exchange.expect_bind();
  if (statement == nullptr || bind->statement.empty()) {
    // As it stands: unnamed, or a name of which the server will say that it is unknown.
    pass_left_ = header.total_bytes();
    return true;
  }
  const auto rest_bytes = static_cast<std::uint32_t>(header.body_bytes - bind->rest_at);
  Segments& out = shard_.worker().to_server();
  wire::Writer writer(out.text());
  wire::encode_bind_head(writer, bind->portal, statement->server_name, rest_bytes);
  out.own();
  cursor_ += wire::limits::header_bytes + bind->rest_at;
  pass_left_ = rest_bytes;
  return true;
}

bool ClientSession::forward_describe(std::string_view whole) {
  const auto describe = wire::decode_describe_or_close(wire::as_bytes(body_of(whole)));
  if (!describe) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Describe message");
    return false;
  }
  batch_open_ = true;
  auto& exchange = server_->exchange;
  if (describe->target == wire::Target::statement) {
    if (describe->name.empty()) {
      prepare_unnamed();
    } else if (const auto found = statements_.find(describe->name); found != statements_.end()) {
      if (!server_->statements.has(found->second->id)) prepare(found->second, Audience::proxy);
      Segments& out = shard_.worker().to_server();
      wire::Writer writer(out.text());
      wire::encode_describe(writer, wire::Target::statement, found->second->server_name);
      out.own();
      exchange.expect_describe();
      cursor_ += whole.size();
      return true;
    }
  }
  exchange.expect_describe();
  pass(whole);
  return true;
}

bool ClientSession::forward_close(std::string_view whole) {
  const auto target = wire::decode_describe_or_close(wire::as_bytes(body_of(whole)));
  if (!target) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Close message");
    return false;
  }
  batch_open_ = true;
  if (target->target == wire::Target::portal) {
    if (const auto found = portals_.find(target->name); found != portals_.end())
      portals_.erase(found);
    server_->exchange.expect_close(Audience::client);
    pass(whole);
    return true;
  }
  // The connection keeps the statement, for whoever prepares the same text.
  if (const auto found = statements_.find(target->name); found != statements_.end()) {
    statements_.erase(found);
  }
  if (target->name.empty()) unnamed_ = nullptr;
  server_->exchange.answer_locally(Expected::local_close_complete);
  cursor_ += whole.size();
  return true;
}

bool ClientSession::forward_execute(std::string_view whole) {
  const auto execute = wire::decode_execute(wire::as_bytes(body_of(whole)));
  if (!execute) {
    ++shard_.traffic().protocol_errors;
    end("08P01", "malformed Execute message");
    return false;
  }
  batch_open_ = true;
  Prepared statement;
  if (execute->portal.empty()) {
    statement = unnamed_portal_;
  } else if (const auto found = portals_.find(execute->portal); found != portals_.end()) {
    statement = found->second;
  }
  look_at_names();
  const route::Analysis* analysis =
      statement != nullptr ? &statement->analysis(dialect_.naming) : nullptr;
  server_->exchange.expect_execute(analysis);
  note_sent(analysis);
  several_executed_ = several_executed_ || (executed_ != nullptr && executed_ != statement);
  executed_ = std::move(statement);
  pass(whole);
  return true;
}

}  // namespace relevo::net::postgres
