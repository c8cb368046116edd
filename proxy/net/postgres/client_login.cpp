// Accept to the first ReadyForQuery.
#include <openssl/ssl.h>

#include "proxy/net/postgres/client_session.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/session_info.hpp"
#include "proxy/wire/postgres/startup.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::ClientLogin;
using session::postgres::KnownUser;

void ClientSession::advance_startup() {
  while (state_ == State::startup) {
    const auto bytes = wire::as_bytes(in_.view());
    const auto size = wire::read_startup_size(bytes);
    if (size.is_malformed()) {
      ++shard_.traffic().protocol_errors;
      return end("08P01", "invalid length of startup packet");
    }
    if (!size || in_.size() < *size) return;
    std::string out;
    const auto step = login_->on_startup(bytes.first(*size), out);
    in_.consume(*size);
    on_login_step(step, out);
  }
}

void ClientSession::on_login_step(ClientLogin::Step step, std::string& out) {
  switch (step) {
    case ClientLogin::Step::need_more:
      return to_client(out);
    case ClientLogin::Step::start_tls:
      // Bytes behind the request, in clear text, could be anybody's (CVE-2021-23214).
      if (!in_.empty()) {
        ++shard_.traffic().protocol_errors;
        return end("08P01", "received unencrypted data after SSL request");
      }
      to_client(out);
      return begin_tls(false);
    case ClientLogin::Step::cancel:
      shard_.cancel_elsewhere(login_->cancel_pid(), login_->cancel_key());
      return close();
    case ClientLogin::Step::look_up:
      to_client(out);
      return look_up();
    case ClientLogin::Step::refused: {
      ++shard_.traffic().logins_failed;
      const auto& error = login_->error();
      if (error.sqlstate == "08P01") ++shard_.traffic().protocol_errors;
      std::string bytes;
      append_error(bytes, "FATAL", error.sqlstate, error.message, error.detail);
      to_client(bytes);
      return close();
    }
    case ClientLogin::Step::accepted: {
      to_client(out);
      const auto& request = login_->request();
      user_ = request.user;
      database_ = request.database;
      application_name_ = request.application_name;
      version_ = request.version;
      startup_settings_ = shard_.settings_table().intern(request.settings);
      settings_ = startup_settings_;
      auto credentials = login_->take_credentials();
      if (credentials.keys || credentials.md5 || credentials.password) {
        shard_.memory().remember(user_, std::move(credentials));
      }
      login_.reset();
      cancel_key_ = shard_.worker().random_text(version_ >= wire::version_3_2 ? 32 : 4);
      return welcome();
    }
  }
}

// -- TLS -----------------------------------------------------------------------------

void ClientSession::begin_tls(bool direct) {
  const auto& tls = shard_.settings().client_tls;
  if (tls.context == nullptr || !stream_.begin_tls_server(tls.context.get())) {
    ++shard_.traffic().protocol_errors;
    return close();
  }
  direct_tls_ = direct;
  state_ = State::tls;
  handshake();
}

void ClientSession::handshake() {
  switch (stream_.continue_handshake()) {
    case HandshakeStatus::want_read:
      return stream_.wait_readable();
    case HandshakeStatus::want_write:
      return stream_.wait_writable();
    case HandshakeStatus::failed:
      ++shard_.traffic().logins_failed;
      return close();
    case HandshakeStatus::done:
      break;
  }
  if (direct_tls_) {
    // Without ALPN it might be another protocol's client, tricked into talking to us.
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream_.ssl(), &protocol, &size);
    if (size == 0) return close();
  }
  login_->set_tls(shard_.settings().client_tls.channel_binding);
  state_ = State::startup;
  on_readable();  // the first bytes may already be in OpenSSL's buffer
}

// -- who is it -------------------------------------------------------------------------

void ClientSession::look_up() {
  if (!counted_) {
    ++shard_.traffic().clients_refused;
    return end("53300",
               shard_.draining() ? "Relevo is shutting down" : "sorry, too many clients already");
  }
  state_ = State::looking_up;
  const std::string& user = login_->request().user;
  if (const auto& users = shard_.settings().users) {
    const auto found = users->find(user);
    return on_user(found == users->end() ? KnownUser{} : found->second);
  }
  Worker& worker = shard_.worker();
  shard_.cluster().ports.look_up_user(
      user, [&worker, weak = weak_from_this()](std::optional<KnownUser> known) {
        worker.post([weak, known = std::move(known)] {
          if (const auto self = weak.lock(); self && self->state_ == State::looking_up) {
            self->on_user(known);
          }
        });
      });
}

void ClientSession::look_up_again() {
  if (!shard_.can_ask_a_node()) return shard_.hold(ticket_);
  look_up_failed_ = false;
  look_up();
}

void ClientSession::on_user(const std::optional<KnownUser>& user) {
  if (!user) {
    // Relevo has just started, or every server is away: asked again with the Views
    // to come, until the login's own deadline.
    look_up_failed_ = true;
    return shard_.hold(ticket_);
  }
  state_ = State::password;
  std::string out;
  const auto step = login_->on_user(*user, out);
  on_login_step(step, out);
  if (state_ == State::password) {
    advance_password();
    arm();
  }
}

void ClientSession::advance_password() {
  while (state_ == State::password) {
    const auto header =
        wire::read_header(wire::as_bytes(in_.view()), wire::limits::login_message_length);
    if (header.is_malformed() || (header && !header->is(wire::Frontend::password))) {
      ++shard_.traffic().protocol_errors;
      return end("08P01", "expected a password message");
    }
    if (!header || in_.size() < header->total_bytes()) return;
    const auto body =
        wire::as_bytes(in_.view().substr(wire::limits::header_bytes, header->body_bytes));
    std::string out;
    const auto step = login_->on_password(body, out);
    in_.consume(header->total_bytes());
    on_login_step(step, out);
  }
}

// -- welcome -----------------------------------------------------------------------------

// The client is told the server's parameters, with its own settings in force.
// The first session of its kind borrows a connection to learn them, which also
// finds out whether the database exists; later ones are told from memory.
void ClientSession::welcome() {
  state_ = State::welcoming;
  pools_ = shard_.pools_of(user_, database_);
  if (const auto known = shard_.memory().welcome(user_, database_, *settings_)) {
    return finish_welcome(*known);
  }
  plan_ = {};
  plan_.demand.need = route::Need::session;
  route_batch();
}

void ClientSession::finish_welcome(const session::postgres::ParameterMap& parameters) {
  shard_.worker().deadlines().clear(deadline_);
  std::string out;
  wire::Writer writer(out);
  for (const auto& [name, value] : parameters) {
    note_dialect(name, value);
    // Behind Relevo a client may write, whichever server answers first.
    const bool of_node = name == "in_hot_standby";
    const bool of_client = name == "application_name";
    wire::encode_parameter_status(writer, name,
                                  of_node     ? std::string_view("off")
                                  : of_client ? std::string_view(application_name_)
                                              : value);
  }
  const std::uint32_t pid = (shard_.worker().index() << 24) | static_cast<std::uint32_t>(ticket_);
  wire::encode_backend_key_data(writer, pid, wire::as_bytes(cancel_key_));
  append_ready(out);
  to_client(out);
  state_ = State::idle;
  welcoming_ = false;
  enter_catalog();
  if (shard_.settings().config.pool.mode == config::PoolMode::session) pins_ |= pin_mode;
  if (ending_ || shard_.draining()) return end("57P01", "Relevo is shutting down");
  start_batch();
  arm();
}

}  // namespace relevo::net::postgres
