// Both ends of a log-in and the wire between them, packet by packet.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/session/mysql/client_login.hpp"
#include "proxy/session/mysql/server_login.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/response.hpp"

namespace relevo::session::mysql::test {

namespace wire = relevo::wire::mysql;

// One for all tests: generating takes a while.
inline std::shared_ptr<const RsaKeyPair> rsa() {
  static const auto pair = std::make_shared<const RsaKeyPair>(RsaKeyPair::generate());
  return pair;
}

inline wire::Challenge challenge_of(char first) {
  wire::Challenge challenge;
  for (auto& byte : challenge) byte = static_cast<std::byte>(first++);
  return challenge;
}

inline ClientLogin::Setup listener_setup() {
  ClientLogin::Setup setup;
  setup.server_version = "8.0.36-relevo";
  setup.connection_id = 77;
  setup.capabilities = wire::Capability::multi_statements | wire::Capability::deprecate_eof;
  setup.challenge = challenge_of('0');
  setup.second_challenge = challenge_of('a');
  setup.mock_secret = "secret of the process";
  setup.client_host = "10.1.2.3";
  setup.rsa = rsa();
  return setup;
}

inline ServerLogin::Setup connector_setup(std::string_view password = "secret") {
  ServerLogin::Setup setup;
  setup.user = "app";
  setup.database = "orders";
  setup.credentials.password = password;
  setup.capabilities = wire::Capability::multi_statements | wire::Capability::deprecate_eof;
  wire::append_attribute(setup.attributes, "program_name", "test");
  return setup;
}

inline KnownUser user_with(std::vector<AuthMethod> methods) {
  KnownUser user;
  user.accounts.push_back({.host = "%", .methods = std::move(methods)});
  return user;
}

struct Dialogue {
  // Called with each packet, header included; may change it. What is left over of a
  // packet whose length no longer fits is not delivered.
  using Tamper = std::function<void(int index, std::string& packet)>;

  Dialogue(ClientLogin::Setup ours, ServerLogin::Setup theirs)
      : listener(std::move(ours)), connector(std::move(theirs)) {}

  void run(const KnownUser& known, Tamper change = nullptr) {
    user = known;
    tamper = std::move(change);
    std::string out;
    listener.start(out);
    to_connector(std::move(out));
  }

  // What went over the wire, in order, whoever sent it.
  std::vector<std::string> packets;
  ClientLogin listener;
  ServerLogin connector;
  KnownUser user;
  Tamper tamper;
  ClientLogin::Step client = ClientLogin::Step::need_more;
  ServerLogin::Step server = ServerLogin::Step::more;
  std::optional<LoginError> verdict;  // of the server that is asked
  int verdicts_asked = 0;

  // One packet of the front of `bytes`, as the wire delivers it.
  bool take(std::string& bytes, std::uint8_t& sequence, std::string& payload) {
    const auto header = wire::read_packet_header(wire::as_bytes(bytes));
    if (!header || bytes.size() < header->total_bytes()) return false;
    std::string packet = bytes.substr(0, header->total_bytes());
    bytes.erase(0, header->total_bytes());
    if (tamper) tamper(static_cast<int>(packets.size()), packet);
    packets.push_back(packet);
    const auto changed = wire::read_packet_header(wire::as_bytes(packet));
    if (!changed || packet.size() < changed->total_bytes()) return false;
    sequence = changed->sequence;
    payload = packet.substr(wire::limits::header_bytes, changed->body_bytes);
    payload.shrink_to_fit();
    return true;
  }

  void to_connector(std::string bytes) {
    std::uint8_t sequence = 0;
    std::string payload;
    while (server == ServerLogin::Step::more && take(bytes, sequence, payload)) {
      std::string out;
      server = connector.on_packet(sequence, wire::as_bytes(payload), out);
      if (!out.empty()) to_listener(std::move(out));
    }
  }

  void to_listener(std::string bytes) {
    std::uint8_t sequence = 0;
    std::string payload;
    if (client != ClientLogin::Step::need_more || !take(bytes, sequence, payload)) return;
    std::string out;
    client = listener.on_packet(sequence, wire::as_bytes(payload), out);
    go_on(out);
  }

  void go_on(std::string& out) {
    switch (client) {
      case ClientLogin::Step::look_up:
        client = listener.on_user(user, out);
        return go_on(out);
      case ClientLogin::Step::verify_on_server:
        ++verdicts_asked;
        client = listener.on_server_verdict(verdict);
        return go_on(out);
      case ClientLogin::Step::start_tls: {
        client = ClientLogin::Step::need_more;
        listener.set_tls();
        server = ServerLogin::Step::more;
        std::string response;
        connector.set_tls(response);
        return to_listener(std::move(response));
      }
      case ClientLogin::Step::accepted: {
        wire::Writer writer(out, listener.next_sequence());
        wire::Ok ok;
        ok.status = wire::Status::autocommit;
        wire::encode_ok(writer, ok, listener.request().capabilities);
        break;
      }
      case ClientLogin::Step::refused:
        listener.append_error(out);
        break;
      case ClientLogin::Step::need_more:
        break;
    }
    if (!out.empty()) to_connector(std::move(out));
  }

  bool is_in() const {
    return client == ClientLogin::Step::accepted && server == ServerLogin::Step::done;
  }
};

}  // namespace relevo::session::mysql::test
