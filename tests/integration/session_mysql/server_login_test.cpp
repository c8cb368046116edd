// ServerLogin against a real MariaDB: what we send is what it wants.
#include <gtest/gtest.h>

#include "tests/integration/session_mysql/mariadb.hpp"

namespace relevo::session::mysql {
namespace {

using test::Channel;
using test::Mariadb;
using Step = ServerLogin::Step;
using wire::mysql::Capability;

ServerLogin::Setup setup(std::string_view user, std::string_view password = "secret") {
  ServerLogin::Setup made;
  made.user = user;
  made.database = "app";
  made.credentials.password = password;
  made.capabilities = Capability::deprecate_eof | Capability::session_track |
                      Capability::multi_statements | Capability::multi_results |
                      Capability::mariadb_extended_metadata;
  wire::mysql::append_attribute(made.attributes, "program_name", "relevo");
  return made;
}

class ServerLoginTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Mariadb::shared().sql(
        "GRANT SELECT ON app.* TO native@'%', empty@'%', ed@'%', either@'%', "
        "encrypted@'%', locked@'%'");
  }
};

TEST_F(ServerLoginTest, EachMethodLetsIn) {
  struct Case {
    std::string user, password;
    ServerTls tls;
  };
  const Case cases[] = {
      {"native", "secret", ServerTls::disable},    {"native", "secret", ServerTls::require},
      {"native", "secret", ServerTls::prefer},     {"empty", "", ServerTls::disable},
      {"ed", "secret", ServerTls::disable},        {"ed", "secret", ServerTls::require},
      {"either", "secret", ServerTls::disable},    {"either", "other", ServerTls::disable},
      {"encrypted", "secret", ServerTls::require},
  };
  for (const Case& c : cases) {
    for (const bool local : {false, true}) {
      if (local && c.tls != ServerTls::disable) continue;
      auto made = setup(c.user, c.password);
      made.tls = c.tls;
      made.local = local;
      ServerLogin login(std::move(made));
      Channel channel(local ? Mariadb::shared().connect_socket() : Mariadb::shared().connect_tcp());
      ASSERT_EQ(test::log_in(channel, login), Step::done)
          << c.user << ": " << login.error().number << " " << login.error().message;
      EXPECT_TRUE(login.is_mariadb());
      EXPECT_TRUE(login.capabilities().has(Capability::mariadb_extended_metadata));
      EXPECT_FALSE(login.capabilities().has(Capability::long_password));
      EXPECT_EQ(login.capabilities().has(Capability::ssl), c.tls != ServerTls::disable);
      EXPECT_TRUE(login.status().has(wire::mysql::Status::autocommit));
      EXPECT_EQ(test::query(channel, login, "SELECT CURRENT_USER()"), c.user + "@%");
      EXPECT_EQ(test::query(channel, login, "SELECT DATABASE()"), "app");
      EXPECT_EQ(test::query(channel, login, "SELECT CONNECTION_ID()"),
                std::to_string(login.connection_id()));
      EXPECT_EQ(test::query(channel, login, "SELECT @@collation_connection"), "utf8mb4_general_ci");
    }
  }
}

TEST_F(ServerLoginTest, ARevealedKeyIsAsGoodAsThePassword) {
  auto made = setup("native");
  made.credentials = {};
  made.credentials.native = make_native_key("secret");
  ServerLogin login(std::move(made));
  Channel channel(Mariadb::shared().connect_tcp());
  ASSERT_EQ(test::log_in(channel, login), Step::done) << login.error().message;
  EXPECT_EQ(test::query(channel, login, "SELECT CURRENT_USER()"), "native@%");
}

TEST_F(ServerLoginTest, TheServersOwnWordsAreKept) {
  struct Case {
    std::string user, password;
    std::uint16_t number;
    std::string sqlstate, message;
  };
  const Case cases[] = {
      {"native", "wrong", 1045, "28000", "Access denied for user 'native'@"},
      {"native", "", 1045, "28000", "Access denied for user 'native'@"},
      {"ed", "wrong", 1045, "28000", "Access denied for user 'ed'@"},
      {"nobody", "secret", 1045, "28000", "Access denied for user 'nobody'@"},
      {"encrypted", "secret", 1045, "28000", "Access denied for user 'encrypted'@"},
      {"locked", "secret", 4151, "HY000", "Access denied, this account is locked"},
  };
  for (const Case& c : cases) {
    ServerLogin login(setup(c.user, c.password));
    Channel channel(Mariadb::shared().connect_tcp());
    ASSERT_EQ(test::log_in(channel, login), Step::failed) << c.user;
    EXPECT_EQ(login.error().number, c.number) << c.user << ": " << login.error().message;
    EXPECT_EQ(login.error().sqlstate, c.sqlstate) << c.user;
    EXPECT_TRUE(login.error().message.starts_with(c.message)) << login.error().message;
  }
  auto made = setup("native");
  made.database = "nowhere";
  ServerLogin login(std::move(made));
  Channel channel(Mariadb::shared().connect_tcp());
  ASSERT_EQ(test::log_in(channel, login), Step::failed);
  EXPECT_EQ(login.error().number, 1044) << login.error().message;
}

TEST_F(ServerLoginTest, WithoutThePasswordEd25519IsNotOpened) {
  auto made = setup("ed");
  made.credentials = {};
  made.credentials.native = make_native_key("secret");
  ServerLogin login(std::move(made));
  Channel channel(Mariadb::shared().connect_tcp());
  ASSERT_EQ(test::log_in(channel, login), Step::failed);
  EXPECT_EQ(login.error().message.find(
                "The server asks user ed for client_ed25519: the password is not known (Access"),
            0U)
      << login.error().message;
}

// A connection that is lent to another session starts over, as often as one likes.
TEST_F(ServerLoginTest, ChangeUserStartsOver) {
  ServerLogin login(setup("native"));
  Channel channel(Mariadb::shared().connect_tcp());
  ASSERT_EQ(test::log_in(channel, login), Step::done) << login.error().message;
  ServerCredentials key, password, none;
  key.native = make_native_key("secret");
  password.password = "secret";
  none.password = "";
  const std::pair<std::string, ServerCredentials> users[] = {
      {"native", key}, {"native", key},  {"ed", password}, {"native", password},
      {"empty", none}, {"ed", password}, {"ed", password}, {"native", key}};
  for (const auto& [user, credentials] : users) {
    test::query(channel, login, "SELECT 7 INTO @kept");
    std::string out;
    login.change_user(user, "", credentials, wire::mysql::utf8mb4_bin, out);
    ASSERT_EQ(test::go_on(channel, login, out), Step::done) << user << login.error().message;
    EXPECT_EQ(test::query(channel, login, "SELECT CURRENT_USER()"), user + "@%");
    EXPECT_EQ(test::query(channel, login, "SELECT IFNULL(@kept, 'gone')"), "gone");
    EXPECT_EQ(test::query(channel, login, "SELECT IFNULL(DATABASE(), 'none')"), "none");
    EXPECT_EQ(test::query(channel, login, "SELECT @@collation_connection"), "utf8mb4_bin");
  }
  std::string out;
  ServerCredentials wrong;
  wrong.password = "wrong";
  login.change_user("native", "", wrong, wire::mysql::utf8mb4_bin, out);
  ASSERT_EQ(test::go_on(channel, login, out), Step::failed);
  EXPECT_EQ(login.error().number, 1045);
}

}  // namespace
}  // namespace relevo::session::mysql
