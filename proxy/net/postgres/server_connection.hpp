// One connection to a PostgreSQL server, from connect to close: logs in, is lent
// to one session at a time, and relays what the server says.
//
// Only headers are read on the way back: rows pass from the worker's scratch
// block to the client's socket without being copied. What has to be looked at
// as a whole and isn't all there yet is carried over to the next read.
//
// Invariant: an idle connection owes nothing (its Exchange is idle and outside
// of a transaction) and its state is exactly `applied` and `statements`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/net/connector.hpp"
#include "proxy/net/server_link.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/worker.hpp"
#include "proxy/session/postgres/exchange.hpp"
#include "proxy/session/postgres/prepared.hpp"
#include "proxy/session/postgres/server_login.hpp"
#include "proxy/session/postgres/settings.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/report.hpp"

namespace relevo::net::postgres {

class ServerConnection;
using ServerPtr = std::shared_ptr<ServerConnection>;

// The session that has borrowed a connection.
class Borrower {
 public:
  enum class OnError : std::uint8_t { forward, swallow };
  virtual ~Borrower() = default;
  // Bytes for the client are ready to be written; called at most once per read,
  // before anything else that the read brings about.
  virtual void on_answer(Segments& bytes) = 0;
  // Decides about an error before it is passed on (statements that may run again).
  virtual OnError on_error(const wire::postgres::Report& report) = 0;
  // A row of a query that was not the client's.
  virtual void on_own_row(wire::postgres::Bytes row) = 0;
  // The Parse of this statement failed, or was skipped after an error.
  virtual void on_unprepared(std::uint64_t id) = 0;
  virtual void on_parameter(std::string_view name, std::string_view value) = 0;
  // A ReadyForQuery was read; the bytes before it may not have been written yet.
  virtual void on_ready(const session::postgres::Verdict& verdict) = 0;
  // All that was read has been dealt with: the moment to act.
  virtual void on_read_done() = 0;
  virtual void on_lost(const Error& error) = 0;  // already closed
  virtual void on_server_writable() = 0;
  virtual bool client_is_behind() const = 0;
};

struct ConnectionHandover final : ServerHandover {
  using ServerHandover::ServerHandover;
  session::postgres::Settings applied;
  session::postgres::ServerStatements statements;
  session::postgres::Prepared unnamed;
  session::postgres::ParameterMap parameters;
  std::uint32_t backend_pid = 0;
  std::string cancel_key;
};

class ServerConnection final : public ServerLink,
                               public StreamOwner,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Worker& worker, ServerOwner& owner, PoolKey key,
                   session::postgres::ServerCredentials credentials);
  ServerConnection(Worker& worker, ServerOwner& owner, ConnectionHandover& handover);  // idle
  ~ServerConnection() override;

  // -- ServerLink ----------------------------------------------------------------
  void open(const ClusterSettings& settings, model::Epoch epoch, model::Instant deadline) override;
  void start_idle() override;
  std::unique_ptr<ServerHandover> detach() override;
  void close() override;
  bool clean() const override {
    return exchange.at_rest() && !exchange.in_transaction() && !mid_message();
  }
  bool blocked() const override { return stream_.blocked(); }
  void describe(session::ServerRow& row) const override;

  void lend(Borrower& borrower);
  void take_back();  // from its borrower; it must be clean

  // To the server. False: lost (the borrower has been told, later in this turn).
  void send(Segments& bytes);
  // The client has caught up: go on reading.
  void resume_reading();

  // It ended in the middle of a message of which the client has the beginning.
  bool cut_in_message() const { return body_left_ > 0 && body_forwarded_; }

  void on_stream_readable() override { on_readable(); }
  void on_stream_writable() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  // What the borrower works with.
  session::postgres::Exchange exchange;
  session::postgres::ServerStatements statements;
  session::postgres::Settings applied = session::postgres::no_settings();
  session::postgres::Prepared unnamed;
  session::postgres::ParameterMap parameters;

  std::uint32_t backend_pid() const { return backend_pid_; }
  const std::string& cancel_key() const { return cancel_key_; }
  bool is_tls() const { return tls_; }

 private:
  void on_connected(ConnectFailure failure, const std::string& message);
  void arm();
  void on_readable();
  bool process(std::size_t size);  // scratch bytes; false: the connection is gone
  bool on_message(const wire::postgres::Header& header, wire::postgres::Bytes body,
                  std::string_view whole);
  bool on_login_message(const wire::postgres::Header& header, wire::postgres::Bytes body);
  bool on_idle_message(const wire::postgres::Header& header, wire::postgres::Bytes body);
  void append_due();
  void pass_doubtful(const wire::postgres::Header& header, std::string_view whole);
  void on_error_message(wire::postgres::Bytes body, bool& lost, bool& swallow);
  bool mid_message() const { return body_left_ > 0 || !carry_.empty(); }
  void lost(Error error, bool reset);
  void open_failed(ConnectFailure network, Error error);

  Worker& worker_;
  ServerOwner& owner_;
  Stream stream_;
  std::shared_ptr<Connector> connector_;
  std::unique_ptr<session::postgres::ServerLogin> login_;
  session::postgres::ServerCredentials credentials_;
  Borrower* borrower_ = nullptr;
  bool tls_ = false, paused_ = false;

  std::string carry_;            // the beginning of a message that is not all here
  std::uint32_t body_left_ = 0;  // of a message that passes through
  bool body_forwarded_ = false;  // ... to the client
  bool ready_in_chunk_ = false;  // an answer was completed by what is being read

  std::uint32_t backend_pid_ = 0;
  std::string cancel_key_;
  Deadlines::Id login_deadline_ = 0;
};

}  // namespace relevo::net::postgres
