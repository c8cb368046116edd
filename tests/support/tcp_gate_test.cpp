// The gate itself, against a server of two lines: a test tool that lies would
// make every test that uses it worthless.
#include "tests/support/tcp_gate.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace relevo::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

// "" within `ms`: nothing came. "<end>", "<reset>": what they say.
std::string receive(int fd, int ms) {
  pollfd waiting{fd, POLLIN, 0};
  if (::poll(&waiting, 1, ms) == 0) {
    return "";
  }
  char buffer[256];
  const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
  if (got < 0) {
    return errno == ECONNRESET ? "<reset>" : "<error>";
  }
  return got == 0 ? "<end>" : std::string(buffer, static_cast<std::size_t>(got));
}

void say(int fd, const std::string& text) {
  ASSERT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

class TcpGateTest : public ::testing::Test {
 protected:
  static constexpr int soon_ms = 5000, never_ms = 100;

  void SetUp() override {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(listener_, 8), 0);
    ASSERT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    gate_ = std::make_unique<TcpGate>(ntohs(address.sin_port));
    client_ = dial(gate_->port());
    ASSERT_GE(client_, 0);
    server_ = ::accept(listener_, nullptr, nullptr);
    ASSERT_GE(server_, 0);
  }
  void TearDown() override {
    for (const int fd : {client_, server_, listener_}) {
      ::close(fd);
    }
  }

  int listener_ = -1, client_ = -1, server_ = -1;
  std::unique_ptr<TcpGate> gate_;
};

TEST_F(TcpGateTest, ForwardsBothWaysAndEnds) {
  say(client_, "question");
  EXPECT_EQ(receive(server_, soon_ms), "question");
  say(server_, "answer");
  EXPECT_EQ(receive(client_, soon_ms), "answer");
  ::shutdown(client_, SHUT_WR);
  EXPECT_EQ(receive(server_, soon_ms), "<end>");
  say(server_, "last word");
  EXPECT_EQ(receive(client_, soon_ms), "last word");
}

TEST_F(TcpGateTest, SilentHoldsBytesBackAndLosesNone) {
  gate_->set(TcpGate::Mode::silent);
  say(client_, "question");
  say(server_, "answer");
  EXPECT_EQ(receive(server_, never_ms), "");
  EXPECT_EQ(receive(client_, never_ms), "");
  gate_->set(TcpGate::Mode::open);
  EXPECT_EQ(receive(server_, soon_ms), "question");
  EXPECT_EQ(receive(client_, soon_ms), "answer");
}

TEST_F(TcpGateTest, HalfLetsOnlyTheClientSpeak) {
  gate_->set(TcpGate::Mode::half);
  say(client_, "question");
  EXPECT_EQ(receive(server_, soon_ms), "question");
  say(server_, "answer");
  EXPECT_EQ(receive(client_, never_ms), "");
}

TEST_F(TcpGateTest, ClosedRefusesNewConnectionsAndKeepsOld) {
  gate_->set(TcpGate::Mode::closed);
  EXPECT_EQ(dial(gate_->port()), -1);
  say(client_, "question");
  EXPECT_EQ(receive(server_, soon_ms), "question");
  gate_->set(TcpGate::Mode::open);
  const int again = dial(gate_->port());
  EXPECT_GE(again, 0);
  ::close(again);
}

TEST_F(TcpGateTest, ResetReachesBothSides) {
  gate_->reset_all();
  EXPECT_EQ(receive(client_, soon_ms), "<reset>");
  EXPECT_EQ(receive(server_, soon_ms), "<reset>");
}

}  // namespace
}  // namespace relevo::testing
