// One PostgreSQL client, from accept to close.
//
//   startup -> tls -> looking_up -> password -> welcoming -> idle
//   idle -> (holding | queued) -> linked -> idle -> ...
//
// Idle means outside of a transaction, nothing pinned, no server connection.
// What the client sends next (a batch) is looked at as a whole, routed, linked
// to a server connection, and forwarded; the answers come back through the
// Borrower calls; then the connection is given back.
//
// Invariant: the bytes of a batch stay in `in_` until the first byte of its
// answer goes to the client. Until then it may run again elsewhere, and the
// client never knows: when the server refused it for being a replica, or died
// without a write being under way.
//
// In files by what happens: client_session.cpp (life and I/O), client_login.cpp,
// client_routing.cpp (idle to linked), client_catalog.cpp (what names mean), client_forward.cpp and
// client_extended.cpp (towards the server), client_transaction.cpp (a BEGIN that is held back),
// client_state.cpp (what it has set, and what pins it), client_answer.cpp (from the server),
// client_trouble.cpp (errors of our own).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/buffer.hpp"
#include "proxy/net/postgres/server_connection.hpp"
#include "proxy/net/postgres/shard.hpp"
#include "proxy/route/token.hpp"
#include "proxy/session/postgres/batch.hpp"
#include "proxy/session/postgres/client_login.hpp"
#include "proxy/session/postgres/held_begin.hpp"

namespace relevo::net::postgres {

class ClientSession final : public SessionLink,
                            public Borrower,
                            public StreamOwner,
                            public std::enable_shared_from_this<ClientSession> {
 public:
  // Without a place among max_clients it may only cancel.
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
  void end_now() override { end("57P01", "Relevo is shutting down"); }
  bool waits_for(const ServerPool& pool) const override {
    return state_ == State::queued && waiting_for_ == &pool;
  }
  session::ClientRow report() const override;

  // -- for cancel requests ---------------------------------------------------------
  void cancel_wait();  // its statement waits for a server
  const std::string& cancel_key() const { return cancel_key_; }
  const ServerPtr& server() const { return server_; }

  // -- StreamOwner ---------------------------------------------------------------
  void on_stream_readable() override { on_readable(); }
  void on_stream_writable() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  // -- Borrower ----------------------------------------------------------------
  void on_answer(Segments& bytes) override;
  OnError on_error(const wire::postgres::Report& report) override;
  void on_parameter(std::string_view name, std::string_view value) override;
  void on_unprepared(std::uint64_t id) override;
  void on_own_row(wire::postgres::Bytes row) override;
  void on_ready(const session::postgres::Verdict& verdict) override;
  void on_read_done() override;
  void on_lost(const Error& error) override;
  void on_server_writable() override;
  bool client_is_behind() const override { return stream_.blocked(); }

 private:
  enum class State : std::uint8_t {
    startup,
    tls,
    looking_up,
    password,
    welcoming,
    idle,
    holding,
    queued,
    linked,
    ended,
  };
  // What a linked server connection is doing for us, rather than for the client.
  enum class Own : std::uint8_t { none, settings, begin, inspection };
  // Why a batch is being taken back to run again.
  enum class Again : std::uint8_t { no, on_primary, elsewhere, after_deallocate };
  // What keeps a session on its server connection.
  enum Pin : unsigned {
    pin_mode = 1,
    pin_temporary = 2,
    pin_advisory = 4,
    pin_cursor = 8,
    pin_listen = 16,
    pin_prepare = 32,
    pin_load = 64,
  };

  // life and I/O
  void arm();
  void on_readable();
  bool wants_bytes() const;
  void advance();
  void end(std::string_view sqlstate, std::string_view message);
  void client_gone();
  void drop_server();
  std::string last_route() const;
  void close();
  void to_client(std::string_view bytes);
  void to_client(Segments& bytes);

  // login
  void advance_startup();
  void on_login_timeout();
  void begin_tls(bool direct);
  void handshake();
  void on_login_step(session::postgres::ClientLogin::Step step, std::string& out);
  void look_up();
  void look_up_again();
  void on_user(const std::optional<session::postgres::KnownUser>& user);
  void advance_password();
  void welcome();
  void finish_welcome(const session::postgres::ParameterMap& parameters);

  // routing
  void start_batch();
  bool answer_here();
  void route_batch();
  void wait_in_hold();
  void wait_in_queue(ServerPool& pool);
  void stop_waiting();
  void begin_wait(State state, std::chrono::milliseconds limit, bool hold);
  route::SessionRouting session_routing();
  void note_token();
  std::optional<std::string_view> routing_setting(std::string_view name) const;

  // a transaction of which no server knows yet
  std::string_view planned_text() const;
  bool answer_control();
  void tell_begin();
  bool begin_told();

  // what names mean
  void enter_catalog();
  void look_at_names();
  void let_names_go();
  bool names_suspect() const;
  bool names_changed() const;
  void tell_catalog_change_early();
  void tell_catalog_change();
  void note_names(const route::Analysis* analysis);

  // towards the server
  void forward();
  bool forward_message(const wire::postgres::Header& header, std::string_view left);
  bool forward_query(const wire::postgres::Header& header, std::string_view whole);
  bool forward_parse(const wire::postgres::Header& header, std::string_view whole);
  bool forward_bind(const wire::postgres::Header& header, std::string_view left);
  bool forward_describe(std::string_view whole);
  bool forward_close(std::string_view whole);
  bool forward_execute(std::string_view whole);
  bool may_begin_batch();
  bool on_primary() const;
  void pass(std::string_view whole);
  void prepare(const session::postgres::Prepared& statement, session::postgres::Audience audience);
  void prepare_unnamed();
  void note_sent(const route::Analysis* analysis);
  bool deallocate_here(const route::Analysis& analysis);
  void send_due();
  void forget_retained();

  // from the server
  void note_dialect(std::string_view name, std::string_view value);
  void settle();
  void unlink();
  void apply(const session::postgres::Effects& effects);
  void apply_one(const session::postgres::OwnedEffect& effect, session::postgres::SettingsMap& map);
  void begin_own_query(std::string_view sql, Own what);
  void inspect();
  void finish_inspection();
  void run_again();
  void note_refused();
  std::string pin_reason() const;

  // errors of our own
  void handle_loss(const Error& error);
  void fail_outstanding(std::size_t answers, std::string_view sqlstate, std::string_view message,
                        bool in_failed);
  void fail_batch(std::string_view sqlstate, std::string_view message);
  void answer_failed_transaction();
  bool drop_leading();
  void append_error(std::string& out, std::string_view severity, std::string_view sqlstate,
                    std::string_view message, std::string_view detail = {}) const;
  void append_ready(std::string& out) const;

  Shard& shard_;
  Stream stream_;
  Buffer in_;
  State state_ = State::startup;
  bool unix_socket_ = false, ending_ = false, direct_tls_ = false;
  std::string address_;
  model::Instant started_{};
  std::unique_ptr<session::postgres::ClientLogin> login_;
  Deadlines::Id deadline_ = 0;

  bool look_up_failed_ = false;  // no server could be asked about the user so far
  bool welcoming_ = true;        // until the client may send its first batch

  // who it is
  std::string user_, database_, application_name_;
  std::shared_ptr<ServerPools> pools_;  // of user_ and database_
  std::string cancel_key_;
  wire::postgres::ProtocolVersion version_ = wire::postgres::version_3_0;

  // what it has
  session::postgres::Settings startup_settings_ = session::postgres::no_settings();
  session::postgres::Settings settings_ = session::postgres::no_settings();
  session::postgres::StatementNames statements_;
  session::postgres::Prepared unnamed_;
  session::postgres::Prepared unnamed_portal_;
  std::map<std::string, session::postgres::Prepared, std::less<>> portals_;
  std::set<std::string, std::less<>> channels_, sql_statements_;  // what pins: LISTEN, PREPARE
  std::size_t statement_bytes_ = 0;
  unsigned pins_ = 0;
  route::Dialect dialect_;
  bool client_utf8_ = false;
  CatalogPlace catalog_;
  NamingPtr naming_;  // of the snapshot, settings and encoding that follow; for one batch
  std::weak_ptr<const route::postgres::Naming> last_naming_;
  std::uint64_t naming_version_ = 0;
  session::postgres::Settings naming_settings_;
  bool naming_utf8_ = false;
  std::uint64_t catalog_seen_ = 0;  // of CatalogMarks::perhaps: what it has told of itself
  // Of what was sent since the server was idle.
  route::CatalogChange catalog_change_ = route::CatalogChange::none;
  bool names_moved_ = false;
  bool ends_transaction_ = false;  // perhaps
  std::optional<model::Instant> last_write_;
  bool wrote_ = false;
  route::ReadAfter read_after_;
  session::postgres::Settings read_after_of_;  // the settings that it was read from

  session::postgres::HeldBegin begin_;

  // the batch in hand
  session::postgres::BatchPlan plan_;
  const char* planned_at_ = nullptr;  // where its bytes lay when it was planned
  bool retained_ = false;             // its bytes are still there from its beginning
  std::size_t cursor_ = 0;            // of in_: what lies before has been forwarded
  std::uint64_t pass_left_ = 0;       // of a message that passes through
  bool batch_open_ = false;           // extended messages without their Sync so far
  bool first_message_ = false;        // of the planned batch
  std::vector<std::string> parsed_in_batch_;
  session::postgres::Prepared executed_;  // by this batch
  bool several_executed_ = false;
  bool primary_only_ = false;  // it was refused by a replica
  NodeMask failed_on_ = 0;     // replicas
  int repeats_ = 0;
  model::Instant waiting_since_{};
  ServerPool* waiting_for_ = nullptr;
  // Of the last statement: where it went (none: it was held), and why.
  std::optional<model::NodeId> routed_to_;
  std::string_view routed_because_;  // static text

  // the server connection in hand
  ServerPtr server_;
  Own own_ = Own::none;
  Error own_error_;         // what the server said to it
  bool own_done_ = false;   // its answer is complete
  bool own_first_ = false;  // what the client asks waits for its end
  Again again_ = Again::no;
  bool held_while_linked_ = false;
  bool needs_inspection_ = false, parameter_changed_ = false, stale_plan_ = false;
  session::postgres::SettingsMap inspected_;
  unsigned inspected_pins_ = 0;

  // trouble
  bool in_failed_transaction_ = false;  // lost with its server; the client has yet to end it
  bool loss_untold_ = false;            // and has yet to hear of it
  bool skip_to_sync_ = false;
  std::uint64_t discard_left_ = 0;
};

}  // namespace relevo::net::postgres
