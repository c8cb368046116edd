// The data plane of one worker between a client and servers of our own making, in one
// process: what lies between is the proxy's own code (wire, session, route, pool, net),
// fed as in production. The peers run on the main thread, the proxy on its worker's.
//
// Invariant: one question is under way at a time, each part of it sent in one piece, so
// that the worker does the same work in the same order in every run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/shard.hpp"

namespace relevo::instructions {

[[noreturn]] void die(const std::string& what);

// One connection that the proxy has opened.
class FakeServer {
 public:
  virtual ~FakeServer() = default;
  virtual void greet(std::string& /*out*/) {}
  // Takes whole messages off `in`, appends what it says to them.
  virtual void answer(std::string& in, std::string& out) = 0;
};

class Rig {
 public:
  using MakeServer = std::function<std::unique_ptr<FakeServer>()>;
  using MakeShard = std::function<std::unique_ptr<net::Shard>(std::shared_ptr<net::SharedCluster>,
                                                              net::Worker&, net::Shard::Peers)>;

  Rig(config::Engine engine, MakeServer make_server, const MakeShard& make_shard);
  ~Rig();

  net::Shard& shard() { return *shard_; }
  // On the worker's thread, and waits for it.
  void on_worker(std::function<void()> call);

  void connect();  // the client, to the proxy
  // Sends `question` and serves the proxy until `complete` of all that came back.
  using Complete = std::function<bool(std::string_view)>;
  std::string ask(std::string_view question, const Complete& complete);

 private:
  struct Connection {
    int fd;
    std::string in;
    std::unique_ptr<FakeServer> server;
  };

  void serve_once(std::string& from_proxy);

  MakeServer make_server_;
  int listener_ = -1, client_ = -1;
  std::vector<Connection> connections_;
  net::Worker worker_{0};
  std::unique_ptr<net::Shard> shard_;
};

// Logs in and asks `count` times; ends the process where an answer is wrong.
void run_postgres(std::string_view protocol, int count);  // simple, extended, prepared, rows
void run_mysql(std::string_view protocol, int count);     // text, binary

}  // namespace relevo::instructions
