// Binding: what is replaced, what is refused, and what is left alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "proxy/admin/server.hpp"
#include "tests/unit/admin/fake_backend.hpp"
#include "tests/unit/admin/raw_client.hpp"

namespace relevo::admin {
namespace {

using testing::HasSubstr;

class AdminSocket : public testing::Test {
 protected:
  AdminSocket() { settings.socket_path = directory / "admin.sock"; }

  Result<void> start() {
    server = std::make_unique<Server>(settings, backend);
    return server->start();
  }

  bool alive() const {
    auto client = RawClient::to_unix(settings.socket_path);
    client.send(last_get("/livez"));
    return client.read_to_end().starts_with("HTTP/1.1 200 ");
  }

  // What a killed process leaves behind.
  void leave_stale_socket() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, settings.socket_path.c_str(), settings.socket_path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    close(fd);
    ASSERT_TRUE(std::filesystem::exists(settings.socket_path));
  }

  TemporaryDirectory directory;
  FakeBackend backend;
  AdminSettings settings;
  std::unique_ptr<Server> server;
};

TEST_F(AdminSocket, IsOpenToOwnerAndGroupOnlyWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    const mode_t old = umask(mask);
    const bool started = start().has_value();
    umask(old);
    ASSERT_TRUE(started);
    struct stat file{};
    ASSERT_EQ(stat(settings.socket_path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0660U) << "umask " << mask;
    server->stop();
  }
}

TEST_F(AdminSocket, ReplacesAStaleFile) {
  leave_stale_socket();
  const auto started = start();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_TRUE(alive());
}

TEST_F(AdminSocket, IsNotTakenFromALiveServer) {
  ASSERT_TRUE(start());
  Server second(settings, backend);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "in_use");
  second.stop();
  EXPECT_TRUE(alive());
}

TEST_F(AdminSocket, LeavesOtherFilesAlone) {
  std::ofstream(settings.socket_path) << "precious";
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("is not a socket"));
  std::string content;
  std::ifstream(settings.socket_path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(AdminSocket, DoesNotRemoveASuccessorsFile) {
  ASSERT_TRUE(start());
  std::filesystem::remove(settings.socket_path);
  Server successor(settings, backend);
  ASSERT_TRUE(successor.start());
  server->stop();
  EXPECT_TRUE(alive());
}

TEST_F(AdminSocket, ReportsWhatTheSystemSaid) {
  settings.socket_path = directory / "missing/admin.sock";
  auto started = start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "bind_failed");
  EXPECT_THAT(started.error().message, HasSubstr("No such file or directory"));

  settings.socket_path = directory / std::string(200, 'x');
  started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("longer than 107 bytes"));
}

TEST_F(AdminSocket, FailsWholeWhenThePortIsTaken) {
  TemporaryDirectory elsewhere;
  Server first({elsewhere / "s", TcpAddress{"127.0.0.1", 0}, "", {}}, backend);
  ASSERT_TRUE(first.start());
  settings.http = TcpAddress{"127.0.0.1", first.http_port()};
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "bind_failed");
  EXPECT_THAT(started.error().message, HasSubstr("Address already in use"));
  EXPECT_FALSE(std::filesystem::exists(settings.socket_path));
}

TEST_F(AdminSocket, WantsANumericAddress) {
  settings.http = TcpAddress{"localhost", 0};
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("numeric address, not \"localhost\""));
}

TEST_F(AdminSocket, ServesTcpAlone) {
  settings.socket_path.clear();
  settings.http = TcpAddress{"127.0.0.1", 0};
  ASSERT_TRUE(start());
  auto client = RawClient::to_tcp(server->http_port());
  client.send(last_get("/livez"));
  EXPECT_THAT(client.read_to_end(), testing::StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace relevo::admin
