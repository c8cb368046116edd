// One client of a MySQL or MariaDB cluster, from accept to close.
//
//   greeting -> login -> (tls) -> looking_up -> (verifying) -> welcoming -> idle
//   idle -> (holding | queued) -> linked -> idle -> ...
//
// Idle means outside of a transaction, nothing pinned, no server connection. The
// client's next command is looked at as a whole, routed, and linked to a server
// connection; that is brought to the session's state and given what it lacks; the
// command goes out; the reply comes back through the Borrower calls; then the
// connection is given back. One command at a time: what the client sends ahead
// waits in `in_`.
//
// Invariant: a command's bytes stay in `in_` until the first byte of its reply
// goes to the client. Until then it may run again elsewhere, and the client never
// knows: when the server refused it for being a replica, or died without a write
// being under way.
//
// In files by what happens: client_session.cpp (life and I/O), client_login.cpp,
// client_routing.cpp (idle to linked), client_alone.cpp (what needs no server), client_catalog.cpp
// (names), client_state.cpp (what the connection lacks), client_forward.cpp (towards the server),
// client_sequences.cpp (LASTVAL), client_answer.cpp (from the server), client_trouble.cpp (errors
// of our own).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/buffer.hpp"
#include "proxy/net/mysql/compressed_client.hpp"
#include "proxy/net/mysql/server_connection.hpp"
#include "proxy/net/mysql/shard.hpp"
#include "proxy/route/token.hpp"
#include "proxy/session/mysql/client_login.hpp"
#include "proxy/session/mysql/command.hpp"
#include "proxy/session/mysql/execute.hpp"
#include "proxy/session/mysql/session_state.hpp"

namespace relevo::net::mysql {

class ClientSession final : public SessionLink,
                            public Borrower,
                            public StreamOwner,
                            public std::enable_shared_from_this<ClientSession> {
 public:
  ClientSession(Shard& shard, Ticket ticket, bool counted);
  ~ClientSession() override;

  // -- SessionLink ---------------------------------------------------------------
  void start(int fd, bool unix_socket, std::string address) override;
  void on_server(ServerLinkPtr server) override;
  void on_server_refused(const Error& error) override;
  void on_node_unavailable() override;
  void on_view_changed() override;
  void on_primary_gone() override;
  void on_replica_lost(const ServerLink& server) override;
  void end_when_idle() override;
  void end_now() override;
  bool waits_for(const ServerPool& pool) const override {
    return state_ == State::queued && waiting_for_ == &pool;
  }
  session::ClientRow report() const override;

  // -- for KILL --------------------------------------------------------------------
  const std::string& user() const { return user_; }
  const ServerPtr& server() const { return server_; }
  void cancel_wait();
  void end_killed();

  // -- StreamOwner ---------------------------------------------------------------
  void on_stream_readable() override { on_readable(); }
  void on_stream_writable() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  // -- Borrower ----------------------------------------------------------------
  void on_answer(Segments& bytes) override;
  bool may_take_back() const override { return retained_; }
  OnError on_error(const wire::mysql::Err& error) override;
  void on_own_row(wire::mysql::Bytes row) override;
  void on_done(session::mysql::Done done, bool for_proxy) override;
  void on_user_changed() override;
  void on_read_done() override;
  void on_lost(const Error& error) override;
  void on_server_writable() override { forward(); }
  bool client_is_behind() const override { return stream_.blocked(); }

 private:
  enum class State : std::uint8_t {
    greeting,
    login,
    tls,
    looking_up,
    verifying,
    welcoming,
    idle,
    holding,
    queued,
    linked,
    ended,
  };
  // Commands of our own, in the order in which they were sent.
  enum class Own : std::uint8_t {
    state,  // brings the connection to the session's state
    begin,  // a transaction of which nothing has run
    prepare,
    diagnostics,
    confirm,  // a COM_PING, for the transaction's state
    ask_insert_id,
    ask_variables,
    ask_sequence,
  };

  // life and I/O
  void arm();
  void on_readable();
  void on_packed_readable();
  bool unpack();
  bool may_unpack() const;
  bool wants_bytes() const;
  std::size_t in_bytes_max() const;
  std::size_t login_bytes_wanted() const;
  void advance();
  void end(const wire::mysql::ErrorCode& code, std::string_view message);
  void close();
  void drop_server();
  void to_client(std::string_view bytes);
  void to_client(Segments& bytes);
  std::string last_route() const;
  std::uint32_t connection_id() const;

  // login
  void greet();
  void on_login_timeout();
  void advance_login();
  void handshake();
  void on_login_step(session::mysql::ClientLogin::Step step, std::string& out);
  void look_up();
  void look_up_again();
  void on_user(std::optional<session::mysql::KnownUser> user);
  void verify();
  void accept_login();
  void finish_welcome();
  void begin_compression(std::uint8_t zstd_level);
  void begin_change_user();
  session::mysql::ClientLogin::Setup login_setup();
  void set_login_deadline();

  // routing
  void start_command();
  void plan_command();
  // names
  void enter_catalog();
  void leave_catalog();
  const route::MysqlNaming* look_at_names();
  void let_names_go() { naming_ = nullptr; }
  bool names_suspect() const;
  void note_names(const route::Analysis* runs);
  void tell_catalog_change_early();
  void tell_catalog_change();
  bool start_next();
  bool answer_here();
  void answer_ok();
  std::string statistics() const;
  void answer_kill(std::uint32_t id, Shard::Kill what);
  bool answer_connection_id();
  bool answer_count();
  bool answer_kill_statement();
  bool answer_control();
  void note_begin(std::string_view text);
  void route_command();
  void wait_in_hold();
  void wait_in_queue(ServerPool& pool);
  void stop_waiting();
  void begin_wait(State state, std::chrono::milliseconds limit, bool hold);
  route::SessionRouting session_routing();
  bool must_stay() const;

  // towards the server
  void go_on();
  bool may_run_here() const;
  const session::mysql::PreparedStatement& prepared_in_hand() const;
  bool lacks_statement() const;
  void put_in_counts(const route::MysqlFacts& facts);
  bool bring_to(const session::mysql::State& target);
  bool prepare_connection();
  void send_own(wire::mysql::Command command, std::string_view text, Own what);
  void send_command();
  void send_whole();
  void send_prepare();
  void send_execute();
  void send_numbered(std::uint32_t server_number);
  void pass();
  void pass_bytes(std::size_t bytes);
  void forward();
  void forward_file();
  void flush_to_server();
  void command_sent(session::mysql::Meaning meaning, std::uint32_t client_statement = 0);

  // from the server
  void settle();
  bool stays_linked() const;
  void ask(wire::mysql::Command command, std::string_view sql, Own what);
  void give_back();
  void unlink();
  void on_own_done(const session::mysql::Done& done);
  void on_own_failure();
  void on_prepared(const session::mysql::Done& done);
  void note_on_server(std::uint64_t id, const session::mysql::Done& done);
  void note_executed(const session::mysql::Done& done);
  // sequences
  bool leaves_others_numbers(const route::Analysis* runs);
  bool folds_names() const;
  void note_takes(const route::Analysis* runs, std::string_view sql);
  void note_explicit_takes(const route::Analysis& runs);
  void note_dropped(const session::mysql::Done& done);
  void keep_for_sequences();
  void ask_sequence();
  void on_sequence_asked(const session::mysql::Done& done);
  void change_form();
  void run_again();
  void note_refused();
  void command_over();

  // errors of our own
  void handle_loss(const Error& error);
  void refuse_command(const wire::mysql::ErrorCode& code, std::string_view message);
  void fail_command(const wire::mysql::ErrorCode& code, std::string_view message);
  void skip_command();
  bool drop_leading();
  void refuse_in_lost_transaction();
  std::string error_packet(std::uint8_t sequence, const wire::mysql::ErrorCode& code,
                           std::string_view message) const;
  wire::mysql::StatusFlags status() const;

  Shard& shard_;
  Stream stream_;
  Buffer in_;
  std::unique_ptr<CompressedClient> compressed_;  // null: nothing is compressed
  State state_ = State::greeting;
  bool unix_socket_ = false, ending_ = false, tls_ = false;
  std::string address_;
  model::Instant started_{};
  std::unique_ptr<session::mysql::ClientLogin> login_;
  Deadlines::Id deadline_ = 0;
  bool welcoming_ = true;        // until the client may send its first command
  bool look_up_failed_ = false;  // no server could be asked about the user so far
  std::optional<session::mysql::Sha256> fingerprint_;  // of the accounts looked up

  // who it is
  std::string user_, database_, program_;
  std::shared_ptr<ServerPools> pools_;
  wire::mysql::Capabilities capabilities_;

  // what it has
  bool mariadb_ = false;
  std::unique_ptr<session::mysql::SessionState> session_;
  session::mysql::ClientStatements statements_;
  bool multi_statements_ = false;
  wire::mysql::StatusFlags status_{wire::mysql::Status::autocommit};  // last told to the client
  std::optional<model::Instant> last_write_;
  bool wrote_ = false;
  session::mysql::State isolation_of_;  // the state that serializable_ was read from
  bool serializable_ = false;           // its transactions are, unless they say otherwise
  route::ReadAfter read_after_;
  std::string read_after_of_;  // the text that it was read from

  // What names mean to it: as last looked up, for which state and of which snapshot.
  // While it waits for its client it keeps no snapshot alive.
  NamingPtr naming_;
  std::weak_ptr<const route::MysqlNaming> last_naming_;
  session::mysql::State naming_of_;
  std::uint64_t naming_version_ = 0;
  route::CatalogChange catalog_change_ = route::CatalogChange::none;  // of what was sent
  bool in_catalog_ = false;  // counted among those that use it

  // the command in hand: from its planning to the end of its reply
  session::mysql::CommandPlan plan_;
  const char* planned_at_ = nullptr;  // where its bytes lay then
  bool in_hand_ = false;
  bool starting_ = false;  // start_command() is on the call stack
  bool sent_ = false;      // to the server in hand
  bool retained_ = false;  // its bytes are still at the front of in_
  bool passing_ = false;   // an oversized one: its bytes go on as they come
  std::optional<session::mysql::Repacket> repacket_;
  std::uint32_t packet_left_ = 0;  // of the packet that is being passed
  bool packet_continues_ = false;
  std::uint32_t file_left_ = 0;  // of the packet of a client's file that is being passed
  bool discarding_ = false;      // the rest of a command that failed before it was all here
  bool primary_only_ = false;    // it was refused by a replica
  NodeMask failed_on_ = 0;       // replicas
  int repeats_ = 0;
  // With the session's ROW_COUNT(), FOUND_ROWS() and LASTVAL()s in it; as it came if empty.
  std::string counted_text_;
  session::mysql::Prepared counted_statement_;
  std::uint32_t prepared_number_ = 0;  // given to the COM_STMT_PREPARE in hand
  model::Instant waiting_since_{};
  ServerPool* waiting_for_ = nullptr;
  std::optional<model::NodeId> routed_to_;
  std::string_view routed_because_;  // static text

  // the server connection in hand
  ServerPtr server_;
  std::deque<Own> own_;
  bool own_first_ = false;  // what the client asks waits for the end of these
  bool giving_back_ = false;
  bool kept_ = false;         // since the command before: what that one left behind is still there
  bool answer_done_ = false;  // the client's reply is complete
  bool spoilt_ = false;       // nobody else may have this connection
  bool released_ = false;     // COMMIT RELEASE: the server ends it, and so do we
  bool transaction_open_ = false;  // after the last reply
  struct OwnFailure {
    Own own;
    std::uint16_t number;
    std::string sqlstate, message;
  };
  std::optional<OwnFailure> own_failure_;
  std::vector<std::string> own_values_;
  bool again_ = false;            // the command is being taken back, to run on the primary
  bool primary_refused_ = false;  // and it was the primary that is read-only, still or already

  // The transaction that is open: how it was begun, and that nothing has run in it.
  std::string begin_text_;
  bool transaction_fresh_ = false;
  bool begin_due_ = false;  // to be said ahead of what runs next: it was held back, or is lost
  bool begin_plain_ = false, begin_read_only_ = false;

  // trouble
  bool transaction_lost_ = false;  // with its server; the client has yet to hear of it
  bool killing_ = false;           // a KILL of ours is under way
};

}  // namespace relevo::net::mysql
