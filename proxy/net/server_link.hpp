// A server connection as its shard sees it, whatever it speaks: when it may be
// lent, where it belongs, and how old it is.
//
// Invariant: an idle connection is clean, and belongs to exactly one pool.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "proxy/net/cluster.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/session/report.hpp"
#include "topology/model/ids.hpp"
#include "topology/model/result.hpp"

namespace relevo::net {

class ServerLink;
using ServerLinkPtr = std::shared_ptr<ServerLink>;
struct ServerPool;

// Why a connection could not be opened.
struct OpenFailure {
  enum class Kind : std::uint8_t {
    network,  // `network` says how: the node is away for now
    busy,     // the server lives but lets nobody in now: full, starting up, shutting down
    refused,  // the server said no to this user or database: waiting longer won't help
  };
  Kind kind = Kind::network;
  ConnectFailure network = ConnectFailure::none;
  Error error;  // code: the server's SQLSTATE
};

// All of a connection that survives a move to another worker.
struct ServerHandover {
  explicit ServerHandover(PoolKey pool_key) : key(std::move(pool_key)) {}
  virtual ~ServerHandover() = default;
  ServerHandover(const ServerHandover&) = delete;
  ServerHandover& operator=(const ServerHandover&) = delete;

  PoolKey key;
  DetachedStream stream;
  model::Instant opened_at{};
  model::Epoch epoch = 0;
};

// Whom a connection belongs to while nobody borrows it. Implemented by the shard.
class ServerOwner {
 public:
  virtual ~ServerOwner() = default;
  virtual void on_opened(const ServerLinkPtr& server) = 0;
  virtual void on_open_failed(const ServerLinkPtr& server, const OpenFailure& failure) = 0;
  // Ended while idle, or after a session was told: it is no longer usable.
  virtual void on_closed(const ServerLinkPtr& server, bool reset) = 0;
  // A commit returned without its replicas' word; its client is told so.
  virtual void on_unreplicated_commit(model::NodeId /*node*/) {}
};

class ServerLink {
 public:
  enum class State : std::uint8_t { connecting, login, idle, lent, closed };

  explicit ServerLink(PoolKey key) : key_(std::move(key)) {}
  virtual ~ServerLink() = default;
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  virtual void open(const ClusterSettings& settings, model::Epoch epoch,
                    model::Instant deadline) = 0;
  virtual void start_idle() = 0;  // begins to listen, after adoption
  // Idle and with nothing left to write.
  virtual std::unique_ptr<ServerHandover> detach() = 0;
  // `on_closed` goes to the owner; a borrower is not told.
  virtual void close() = 0;
  virtual bool clean() const = 0;    // owes nothing, outside of a transaction
  virtual bool blocked() const = 0;  // some of what was written has not gone yet
  virtual void describe(session::ServerRow& row) const = 0;

  bool usable() const { return state_ == State::idle || state_ == State::lent; }
  State state() const { return state_; }
  const PoolKey& key() const { return key_; }
  model::Epoch epoch() const { return epoch_; }
  model::Instant opened_at() const { return opened_at_; }
  model::Instant idle_since() const { return idle_since_; }

  ServerPool* home = nullptr;           // of the shard that owns it
  std::uint32_t cancels_under_way = 0;  // not lent again while a cancel may still strike
  std::uint64_t session_ticket = 0;     // of the borrower

 protected:
  PoolKey key_;
  State state_ = State::connecting;
  model::Epoch epoch_ = 0;
  model::Instant opened_at_{}, idle_since_{};
};

}  // namespace relevo::net
