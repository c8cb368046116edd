#include "proxy/net/mysql/side_connection.hpp"

#include <utility>

#include "proxy/wire/mysql/commands.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;

SideConnection::~SideConnection() {
  worker_.deadlines().clear(deadline_);
  done_ = nullptr;
  server_->close();
}

void SideConnection::start(const ClusterSettings& settings, model::Epoch epoch,
                           model::Instant deadline, Handler done) {
  done_ = std::move(done);
  deadline_ = worker_.deadlines().set(deadline, [this] {
    finish({.outcome = Outcome::unreachable, .error = {"1159", "the server did not answer"}});
  });
  server_->open(settings, epoch, deadline);
}

void SideConnection::on_opened(const ServerLinkPtr&) {
  if (sql_.empty()) return finish({});
  server_->lend(*this, {});
  server_->exchange.expect(
      {.command = wire::Command::query, .audience = session::mysql::Audience::proxy});
  Segments bytes;
  wire::Writer writer(bytes.text());
  wire::encode_query(writer, sql_, {});
  bytes.own();
  server_->send(bytes);
  server_->start_idle();
}

void SideConnection::on_open_failed(const ServerLinkPtr&, const OpenFailure& failure) {
  const bool refused = failure.kind == OpenFailure::Kind::refused;
  finish({.outcome = refused ? Outcome::refused : Outcome::unreachable, .error = failure.error});
}

void SideConnection::on_done(session::mysql::Done done, bool) {
  answered_ = true;
  if (!done.outcome.failed) return;
  result_ = {.outcome = Outcome::refused,
             .error = {std::to_string(done.outcome.error), done.outcome.message}};
}

void SideConnection::on_read_done() {
  if (answered_) finish(std::move(result_));
}

void SideConnection::on_lost(const Error& error) {
  finish({.outcome = Outcome::unreachable, .error = error});
}

void SideConnection::finish(Result result) {
  worker_.deadlines().clear(deadline_);
  if (const auto done = std::exchange(done_, nullptr)) done(*this, result);
}

}  // namespace relevo::net::mysql
