// All that a session has beyond its transaction: the State that follows it, the
// pins that keep it where it is, and what its next statement may ask about the
// last one. One call for each reply keeps the three right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/session/mysql/diagnostics.hpp"
#include "proxy/session/mysql/exchange.hpp"
#include "proxy/session/mysql/pins.hpp"
#include "proxy/session/mysql/quote.hpp"
#include "proxy/session/mysql/sequences.hpp"
#include "proxy/session/mysql/state.hpp"

namespace relevo::session::mysql {

class SessionState {
 public:
  // `login`: what the client said at log-in: schema, character set. COM_CHANGE_USER
  // and COM_RESET_CONNECTION bring it back.
  // `server`: how the cluster's servers read text by default.
  SessionState(State login, route::MysqlDialect server)
      : server_dialect_(server),
        login_(login),
        state_(std::move(login)),
        diagnostics_(server.server == route::MysqlServer::mariadb) {}

  const State& state() const { return state_; }
  Pins& pins() { return pins_; }
  const Pins& pins() const { return pins_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }
  Sequences& sequences() { return sequences_; }

  // The reply to a command of the client's is complete. Afterwards the server
  // connection's applied state is state(), too.
  void on_done(StateTable& table, const Done& done);
  // The transaction that was open has ended.
  void on_transaction_end() { pins_.transaction_ended(); }

  // System variables whose values have to be asked of the server: they changed in
  // a way that neither text nor tracker can be trusted with. Empty: none.
  bool must_ask() const { return !unsure_.empty(); }
  std::string ask_sql() const;  // one row, a column for each name
  const std::vector<std::string>& asked() const { return unsure_; }
  // Values in the order of asked().
  void on_answer(StateTable& table, const std::vector<std::string>& values);

  void on_reset(StateTable& table, bool keeps_schema);
  void on_login(State login);

  // How the session's texts are read now.
  route::MysqlDialect dialect() const { return dialect(server_dialect_); }
  // Names come in UTF-8, as catalogues have them.
  bool utf8_names() const;
  LiteralContext literal_context() const;
  // SET @relevo_target: "primary", "replica", "auto"; empty: not set.
  const std::string& routing_target() const { return routing_target_; }
  // SET @relevo_after: a token, or what is none; empty: not set.
  const std::string& routing_token() const { return routing_token_; }

 private:
  class Update;
  route::MysqlDialect dialect(route::MysqlDialect server) const;

  route::MysqlDialect server_dialect_;
  State login_, state_;
  Pins pins_;
  Diagnostics diagnostics_;
  Sequences sequences_;
  std::vector<std::string> unsure_;
  std::string routing_target_, routing_token_;
};

}  // namespace relevo::session::mysql
