// A client's session as its shard sees it, whatever it speaks.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/net/server_link.hpp"
#include "proxy/session/report.hpp"

namespace relevo::net {

// A session's name within its worker; not used again while it lives.
using Ticket = std::uint64_t;
constexpr Ticket ticket_limit = 1U << 24;  // fits a backend's number beside the worker's

class SessionLink {
 public:
  // `counted`: it has a place among max_clients.
  SessionLink(Ticket ticket, bool counted) : ticket_(ticket), counted_(counted) {}
  virtual ~SessionLink() = default;
  SessionLink(const SessionLink&) = delete;
  SessionLink& operator=(const SessionLink&) = delete;

  virtual void start(int fd, bool unix_socket, std::string address) = 0;
  // What it waits for in a pool's queue: its turn, a refusal, or neither now.
  virtual void on_server(ServerLinkPtr server) = 0;
  virtual void on_server_refused(const Error& error) = 0;
  virtual void on_node_unavailable() = 0;
  virtual bool waits_for(const ServerPool& pool) const = 0;
  // It is in the hold list, and the View is another one now.
  virtual void on_view_changed() = 0;
  // Its server connection is to a node that is no primary any more.
  virtual void on_primary_gone() = 0;
  // The replica that `server` is connected to is taken for lost, and may yet say nothing.
  virtual void on_replica_lost(const ServerLink& server) = 0;
  virtual void end_when_idle() = 0;  // Relevo shuts down
  virtual void end_now() = 0;
  virtual session::ClientRow report() const = 0;

  Ticket ticket() const { return ticket_; }
  bool counted() const { return counted_; }

 protected:
  const Ticket ticket_;
  const bool counted_;
};

}  // namespace relevo::net
