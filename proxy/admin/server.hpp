// The admin interface's server: HTTP/1.1 on a Unix socket and, when configured,
// on a TCP address. The two have threads of their own, so that whatever knocks
// at the TCP port cannot keep an operator from the socket.
//
// Everything a client can use up is bounded by Limits; one that reaches a bound
// is answered 503 or disconnected, and never waited for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/admin/backend.hpp"
#include "topology/model/result.hpp"

namespace relevo::admin {

struct TcpAddress {
  std::string host;        // numeric address, without brackets
  std::uint16_t port = 0;  // 0: any free port
};

// Per listener (the Unix socket and the TCP port each).
struct Limits {
  std::size_t threads = 8;    // requests served at once
  std::size_t waiting = 32;   // accepted connections in the queue for a thread
  std::size_t followers = 4;  // of `threads`, those that may follow events
  std::size_t head_bytes = 16 << 10;
  std::size_t body_bytes = 64 << 10;
  std::size_t requests_per_connection = 100;
  std::chrono::milliseconds idle{5000};        // between two requests of a connection
  std::chrono::milliseconds request{5000};     // from a request's first byte to its last
  std::chrono::milliseconds response{10000};   // for each write to be taken by the client
  std::chrono::milliseconds heartbeat{10000};  // an empty line to a follower in quiet times
};

struct AdminSettings {
  std::string socket_path;  // "": no Unix socket
  std::optional<TcpAddress> http;
  std::string token;  // bearer token for changes over TCP; "": they are refused there
  Limits limits;
};

class Listener;
struct UnixSocket;

class Server {
 public:
  // `backend` outlives the server.
  Server(AdminSettings settings, Backend& backend);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and serves. A socket file that nobody listens on is replaced; one that
  // is in use is an error (code "in_use"), like any other failure to bind
  // ("bind_failed"). On an error nothing is left running.
  Result<void> start();

  // Refuses new requests, ends followers, waits for the requests in progress
  // (at most as long as the Backend takes for one) and removes the socket file.
  void stop();

  // The port that TCP is served on; 0 before start() and without `http`.
  std::uint16_t http_port() const;

 private:
  AdminSettings settings_;
  Backend& backend_;
  std::unique_ptr<UnixSocket> socket_file_;
  std::unique_ptr<Listener> unix_;
  std::unique_ptr<Listener> tcp_;
};

}  // namespace relevo::admin
