// One connection to a MySQL or MariaDB server, from connect to close: logs in, is
// lent to one session at a time, and relays what the server says.
//
//   greeting -> (tls) -> log-in -> tracking -> idle <-> lent
//
// Only the first bytes of packets are read on the way back: rows pass from the
// worker's scratch block to the client's socket without being copied. What has to
// be looked at as a whole and isn't all there yet is gathered first.
//
// Invariant: an idle connection owes nothing (its Exchange is idle and outside of
// a transaction) and its state is exactly `applied`, `statements` and `sequences`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/net/connector.hpp"
#include "proxy/net/mysql/cluster_memory.hpp"
#include "proxy/net/server_link.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/worker.hpp"
#include "proxy/session/mysql/exchange.hpp"
#include "proxy/session/mysql/prepared.hpp"
#include "proxy/session/mysql/sequences.hpp"
#include "proxy/session/mysql/server_login.hpp"
#include "proxy/session/mysql/state.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/response.hpp"

namespace relevo::net::mysql {

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
  // Nothing of the answer has been handed over, and its statement may run again.
  virtual bool may_take_back() const = 0;
  // Decides about an error before it is passed on (statements that may run again).
  virtual OnError on_error(const wire::mysql::Err& error) = 0;
  // A row that answers a command of our own.
  virtual void on_own_row(wire::mysql::Bytes row) = 0;
  // A reply is complete; its bytes may not have been written yet.
  virtual void on_done(session::mysql::Done done, bool for_proxy) = 0;
  // change_user() is through: the connection is as after its log-in.
  virtual void on_user_changed() = 0;
  // All that was read has been dealt with: the moment to act.
  virtual void on_read_done() = 0;
  virtual void on_lost(const Error& error) = 0;  // already closed
  virtual void on_server_writable() = 0;
  virtual bool client_is_behind() const = 0;
};

struct ConnectionHandover final : ServerHandover {
  using ServerHandover::ServerHandover;
  session::mysql::State applied;
  session::mysql::ServerStatements statements;
  session::mysql::SequenceNumbers sequences;
  std::unique_ptr<session::mysql::ServerLogin> login;
  wire::mysql::StatusFlags status;
};

class ServerConnection final : public ServerLink,
                               public StreamOwner,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(Worker& worker, ServerOwner& owner, PoolKey key, ClusterMemory& memory,
                   session::mysql::ServerCredentials credentials);
  ServerConnection(Worker& worker, ServerOwner& owner, ClusterMemory& memory,
                   ConnectionHandover& handover);  // idle
  ~ServerConnection() override;

  // -- ServerLink ----------------------------------------------------------------
  void open(const ClusterSettings& settings, model::Epoch epoch, model::Instant deadline) override;
  void start_idle() override;
  std::unique_ptr<ServerHandover> detach() override;
  void close() override;
  bool clean() const override {
    return phase_ == Phase::ready && exchange.idle() && !exchange.in_transaction() && !mid_packet();
  }
  bool blocked() const override { return stream_.blocked(); }
  void describe(session::ServerRow& row) const override;

  void lend(Borrower& borrower, wire::mysql::Capabilities client);
  void take_back();  // from its borrower; it must be clean
  // Brings the connection back to where its log-in left it.
  void change_user(session::mysql::ServerCredentials credentials);

  // To the server. A connection that is lost meanwhile says so later in this turn.
  void send(Segments& bytes);
  // The client has caught up: go on reading.
  void resume_reading();

  // It ended in the middle of a packet of which the client has the beginning.
  bool cut_in_packet() const { return body_left_ > 0 && body_forwarded_; }
  bool ready() const { return phase_ == Phase::ready; }

  void on_stream_readable() override { on_readable(); }
  void on_stream_writable() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  // What the borrower works with.
  session::mysql::Exchange exchange;
  session::mysql::ServerStatements statements;
  // What is in force on it; null right after a log-in: see login_state().
  session::mysql::State applied;
  session::mysql::SequenceNumbers sequences;

  bool is_tls() const { return stream_.is_tls(); }
  bool is_mariadb() const { return login_->is_mariadb(); }
  std::uint32_t server_thread() const { return login_->connection_id(); }
  wire::mysql::Capabilities capabilities() const { return login_->capabilities(); }

 private:
  enum class Phase : std::uint8_t {
    log_in,
    tls,
    tracking,  // what the server is to report is being set
    ready,
  };

  void on_connected(ConnectFailure failure, const std::string& message);
  void begin_tls();
  void handshake();
  void write(std::string_view bytes);
  void begin_tracking();
  void on_tracking(const session::mysql::Done& done);
  void arm();
  void on_readable();
  bool process(std::size_t size);  // scratch bytes; false: the connection is gone
  // One packet or as much of it as lies here; bytes taken; 0: it has to be
  // gathered, or the connection is gone.
  std::size_t on_bytes(std::string_view bytes);
  bool gather(std::string_view& bytes);
  bool on_login_packet(const wire::mysql::PacketHeader& header, wire::mysql::Bytes body);
  bool on_idle_packet(wire::mysql::Bytes body);
  bool on_packet(const wire::mysql::PacketHeader& header, std::string_view part);
  bool says_goodbye(const wire::mysql::PacketHeader& header, wire::mysql::Bytes body) const;
  void end_packet();
  bool mid_packet() const { return body_left_ > 0 || !gathered_.empty(); }
  void lost(Error error, bool reset);
  void open_failed(ConnectFailure network, Error error);

  Worker& worker_;
  ServerOwner& owner_;
  ClusterMemory& memory_;
  Stream stream_;
  std::shared_ptr<Connector> connector_;
  std::unique_ptr<session::mysql::ServerLogin> login_;
  session::mysql::ServerCredentials credentials_;
  Borrower* borrower_ = nullptr;
  Phase phase_ = Phase::log_in;
  bool paused_ = false;

  std::shared_ptr<SSL_CTX> tls_context_;
  std::string host_;
  bool verify_host_ = false;

  std::string gathered_;          // the beginning of what has to be seen whole
  std::size_t gather_bytes_ = 0;  // its size then
  bool copying_ = false;          // what is being read will not stay where it is
  std::uint32_t body_left_ = 0;   // of a packet that passes through
  bool body_forwarded_ = false;   // ... to the client
  std::string behind_;            // for the client, once that packet has ended
  bool done_in_chunk_ = false;    // a reply was completed by what is being read
  bool in_chunk_ = false;  // it is being read: the worker's to_client() is of this connection
  session::mysql::Additions additions_;
  Deadlines::Id login_deadline_ = 0;
};

}  // namespace relevo::net::mysql
