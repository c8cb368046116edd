// A server connection of its own, beside the pools: it logs in, runs one statement
// if there is one to run, and ends. For logins that only a server can judge, and
// for KILL QUERY, which has to come from elsewhere than what it strikes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/net/mysql/server_connection.hpp"

namespace relevo::net::mysql {

class SideConnection final : public ServerOwner, public Borrower {
 public:
  enum class Outcome : std::uint8_t {
    ok,
    refused,      // the server's word: `error`
    unreachable,  // it could not be asked
  };
  struct Result {
    Outcome outcome = Outcome::ok;
    Error error;  // code: the server's number
  };
  using Handler = std::function<void(SideConnection&, const Result&)>;

  SideConnection(Worker& worker, PoolKey key, ClusterMemory& memory,
                 session::mysql::ServerCredentials credentials, std::string sql)
      : worker_(worker),
        sql_(std::move(sql)),
        server_(std::make_shared<ServerConnection>(worker, *this, std::move(key), memory,
                                                   std::move(credentials))) {}
  ~SideConnection() override;

  // `done` runs once, never from within this call.
  void start(const ClusterSettings& settings, model::Epoch epoch, model::Instant deadline,
             Handler done);

 private:
  void on_opened(const ServerLinkPtr& server) override;
  void on_open_failed(const ServerLinkPtr& server, const OpenFailure& failure) override;
  void on_closed(const ServerLinkPtr&, bool) override {}

  void on_answer(Segments&) override {}
  bool may_take_back() const override { return true; }
  OnError on_error(const wire::mysql::Err&) override { return OnError::forward; }
  void on_own_row(wire::mysql::Bytes) override {}
  void on_done(session::mysql::Done done, bool for_proxy) override;
  void on_user_changed() override {}
  void on_read_done() override;
  void on_lost(const Error& error) override;
  void on_server_writable() override {}
  bool client_is_behind() const override { return false; }

  void finish(Result result);

  Worker& worker_;
  std::string sql_;
  ServerPtr server_;
  Handler done_;
  Result result_;
  bool answered_ = false;
  Deadlines::Id deadline_ = 0;
};

}  // namespace relevo::net::mysql
