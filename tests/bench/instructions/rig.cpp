#include "tests/bench/instructions/rig.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <future>

namespace relevo::instructions {
namespace {

constexpr int patience_ms = 60000;  // under an instruction counter all takes fifty times as long

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::pair<int, std::uint16_t> listen_somewhere() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, generic, size) != 0 || ::listen(fd, 16) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    die("cannot listen");
  }
  return {fd, ntohs(address.sin_port)};
}

// Both ends of a TCP connection.
std::pair<int, int> connected_pair() {
  const auto [listener, port] = listen_somewhere();
  const int near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(near, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    die("cannot connect");
  }
  const int far = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  ::close(listener);
  const int on = 1;
  ::setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {near, far};
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) die("the proxy has closed a connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// False: it was closed.
bool receive_some(int fd, std::string& into) {
  char bytes[16384];
  const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  into.append(bytes, static_cast<std::size_t>(got));
  return true;
}

config::Cluster cluster_config(config::Engine engine, std::uint16_t port) {
  config::Cluster cluster;
  cluster.name = "counted";
  cluster.engine = engine;
  cluster.server_tls.mode = config::ServerTls::disable;
  cluster.auth.users = {{"app", config::Secret("secret")}};
  cluster.monitor.user = "app";
  cluster.monitor.password = config::Secret("secret");
  for (const char* name : {"db1", "db2"}) {
    config::Node node;
    node.name = name;
    node.host = "127.0.0.1";
    node.port = port;
    cluster.nodes.push_back(node);
  }
  return cluster;
}

// A primary, and a replica that is always up to date.
model::ViewPtr healthy_view(config::Engine engine) {
  auto view = std::make_shared<model::View>();
  view->cluster = "counted";
  view->engine = engine == config::Engine::mysql ? model::Engine::mysql : model::Engine::postgres;
  view->epoch = view->sequence = 1;
  view->state = model::ClusterState::healthy;
  view->primary = 0;
  view->gate = model::PrimaryGate::open;
  view->nodes.resize(2);
  for (model::NodeId id = 0; id < 2; ++id) {
    model::NodeView& node = view->nodes[id];
    node.name = id == 0 ? "db1" : "db2";
    node.role = id == 0 ? model::Role::primary : model::Role::replica;
    node.state = model::NodeState::online;
    node.verdict = model::Verdict::healthy;
    node.lag = model::Duration{};
    node.eligible_for_reads = true;
    node.caught_up_to = std::chrono::steady_clock::now();
  }
  return view;
}

}  // namespace

void die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

Rig::Rig(config::Engine engine, MakeServer make_server, const MakeShard& make_shard)
    : make_server_(std::move(make_server)) {
  const auto [listener, port] = listen_somewhere();
  listener_ = listener;
  const auto settings = net::make_cluster_settings(cluster_config(engine, port));
  if (!settings) die(settings.error().message);
  net::ControlPorts ports;
  ports.signal = [](model::NodeId, model::TrafficSignal) {};
  ports.look_at_catalog = [](const std::string&, const std::shared_ptr<model::CatalogMarks>&) {};
  net::Shard::Peers peers;
  peers.call = [this](std::uint32_t, std::function<void(net::Shard&)> call) {
    worker_.post([this, call = std::move(call)] { call(*shard_); });
  };
  peers.applied = [](std::uint32_t, std::uint64_t, model::Epoch, std::uint32_t) {};
  shard_ = make_shard(std::make_shared<net::SharedCluster>(*settings, std::move(ports)), worker_,
                      std::move(peers));
  worker_.start();
  on_worker([this, engine] { shard_->apply(healthy_view(engine)); });
}

Rig::~Rig() {
  on_worker([this] { shard_->end_sessions(); });
  worker_.stop();
  ::close(listener_);
  ::close(client_);
  for (const Connection& one : connections_) ::close(one.fd);
}

void Rig::on_worker(std::function<void()> call) {
  std::promise<void> done;
  worker_.post([&] {
    call();
    done.set_value();
  });
  done.get_future().wait();
}

void Rig::connect() {
  const auto [near, far] = connected_pair();
  client_ = near;
  on_worker([this, fd = far] { shard_->accept(fd, false, "127.0.0.1:1"); });
}

void Rig::serve_once(std::string& from_proxy) {
  std::vector<pollfd> waits{{client_, POLLIN, 0}, {listener_, POLLIN, 0}};
  for (const Connection& one : connections_) waits.push_back({one.fd, POLLIN, 0});
  if (::poll(waits.data(), waits.size(), patience_ms) <= 0) die("the proxy does not answer");
  if (waits[0].revents != 0 && !receive_some(client_, from_proxy)) {
    die("the proxy has closed the client's connection, having said: " + from_proxy);
  }
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (waits[i + 2].revents == 0) continue;
    Connection& one = connections_[i];
    if (!receive_some(one.fd, one.in)) {  // one of those that log in and go
      ::close(std::exchange(one.fd, -1));
      continue;
    }
    std::string out;
    one.server->answer(one.in, out);
    if (!out.empty()) send_all(one.fd, out);
  }
  std::erase_if(connections_, [](const Connection& one) { return one.fd < 0; });
  if (waits[1].revents != 0) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.push_back({fd, {}, make_server_()});
    std::string out;
    connections_.back().server->greet(out);
    send_all(fd, out);
  }
}

std::string Rig::ask(std::string_view question, const Complete& complete) {
  send_all(client_, question);
  std::string answer;
  while (!complete(answer)) serve_once(answer);
  return answer;
}

}  // namespace relevo::instructions
