// A server that accepts and never says a word holds up as many threads as it may.
#include "topology/client/mysql_login.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

namespace relevo::client {
namespace {

using std::chrono::milliseconds;

// The kernel accepts for it; nobody reads.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const as = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    const bool listens = ::bind(socket_, as, size) == 0 && ::listen(socket_, 128) == 0 &&
                         ::getsockname(socket_, as, &size) == 0;
    if (listens) port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  MysqlTarget target() const {
    MysqlTarget target;
    target.endpoint.port = port_;
    target.endpoint.user = "monitor";
    target.hosts = {"127.0.0.1"};
    target.timeout = std::chrono::seconds(1);
    return target;
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

bool ends_within(const MysqlLogin& login, milliseconds limit) {
  pollfd waiting{login.descriptor(), POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
}

std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST(MysqlLoginTest, AServerThatSaysNothingHoldsUpSoManyThreadsAndNoMore) {
  const SilentServer silent, another;
  const auto before = threads();
  std::vector<std::unique_ptr<MysqlLogin>> held;
  for (unsigned i = 0; i < log_ins_max; ++i) {
    held.push_back(std::make_unique<MysqlLogin>(silent.target()));
  }
  // Given up by their owners, they are under way all the same.
  for (unsigned i = 0; i < log_ins_max / 2; ++i) held.pop_back();
  for (int i = 0; i < 100; ++i) {
    MysqlLogin refused(silent.target());
    ASSERT_TRUE(ends_within(refused, milliseconds(0)));
    const auto outcome = refused.take();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, FailureKind::timeout);
    EXPECT_EQ(outcome.error().message, "too many log-ins to this server are under way");
  }
  EXPECT_LE(threads() - before, static_cast<std::ptrdiff_t>(log_ins_max));
  MysqlLogin elsewhere(another.target());
  EXPECT_FALSE(ends_within(elsewhere, milliseconds(0))) << "another server is not hindered";
  // They end by their own timeouts, and there is room again.
  for (const auto& login : held) ASSERT_TRUE(ends_within(*login, milliseconds(20'000)));
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(20'000);
  for (;;) {
    MysqlLogin again(silent.target());
    if (!ends_within(again, milliseconds(10))) break;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

}  // namespace
}  // namespace relevo::client
