#include "proxy/config/address.hpp"

#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::HasSubstr;

TEST(Address, ReadsWhereToListen) {
  EXPECT_EQ(parse_listen("0.0.0.0:6432", "/f"), (Listen{false, "0.0.0.0", 6432}));
  EXPECT_EQ(parse_listen("[::]:1", "/f"), (Listen{false, "::", 1}));
  EXPECT_EQ(parse_listen("[0:0:0:0:0:0:0:1]:65535", "/f"), (Listen{false, "::1", 65535}));
  EXPECT_EQ(parse_listen("unix:/run/a.sock", "/f"), (Listen{true, "/run/a.sock", 0}));
  EXPECT_EQ(parse_listen("unix:../a.sock", "/f/g"), (Listen{true, "/f/a.sock", 0}));
}

TEST(Address, RefusesWhatIsNotAListenAddress) {
  for (const char* text : {"",
                           "6432",
                           ":6432",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:0",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:+1",
                           "127.0.0.1:5432x",
                           "127.0.0.1: 5432",
                           "localhost:6432",
                           "*:6432",
                           "::1:6432",
                           "[::1]",
                           "[]:6432",
                           "[127.0.0.1:6432",
                           "[::g]:6432",
                           "10.0.0.256:6432",
                           "010.0.0.1:6432",
                           "unix:",
                           "unix:a\nb"})
    EXPECT_FALSE(parse_listen(text, "/f")) << text;
}

TEST(Address, SaysWhatWouldBeRight) {
  EXPECT_THAT(parse_listen("*:6432", "/").error(), HasSubstr("\"0.0.0.0\" and \"[::]\""));
  EXPECT_THAT(parse_listen("::1:6432", "/").error(), HasSubstr("brackets"));
  EXPECT_THAT(parse_listen("127.0.0.1:70000", "/").error(), HasSubstr("1 to 65535"));
  EXPECT_THAT(parse_endpoint("unix:/run/pg").error(), HasSubstr("Unix socket cannot"));
}

TEST(Address, ASocketPathFitsTheKernelsLimit) {
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_TRUE(parse_listen("unix:" + longest, "/f"));
  EXPECT_FALSE(parse_listen("unix:" + longest + "x", "/f"));
  // What counts is the path that is bound, not the one that is written.
  EXPECT_FALSE(parse_listen("unix:short.sock", longest));
}

TEST(Address, ReadsWhereANodeIs) {
  EXPECT_EQ(parse_endpoint("10.0.0.1:5432"), (Endpoint{"10.0.0.1", 5432}));
  EXPECT_EQ(parse_endpoint("db-1.example.net:5432"), (Endpoint{"db-1.example.net", 5432}));
  EXPECT_EQ(parse_endpoint("db_1:5432"), (Endpoint{"db_1", 5432}));
  EXPECT_EQ(parse_endpoint("3com.example:1"), (Endpoint{"3com.example", 1}));
  EXPECT_EQ(parse_endpoint("[fe80::1]:5432"), (Endpoint{"fe80::1", 5432}));
}

TEST(Address, RefusesWhatIsNotANode) {
  for (const std::string text :
       {"", "db1", "db1:", ":5432", "db1:0", "db1:99999", "10.0.0.256:5432", "10.0.0:5432",
        "db 1:5432", "-db:5432", "db-:5432", "db..net:5432", "db.:5432", "[db1]:5432",
        "user@db1:5432", "db1/x:5432", "fe80::1:5432", "unix:/run/pg:5432"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
  EXPECT_FALSE(parse_endpoint(std::string(64, 'a') + ":5432"));
  EXPECT_FALSE(parse_endpoint(std::string("db\0", 3) + ":5432"));
}

TEST(Address, WritesWhatItReads) {
  for (const char* text : {"10.0.0.1:5432", "[fe80::1]:5432", "db1:1"})
    EXPECT_EQ(format_endpoint(*parse_endpoint(text)), text);
  for (const char* text : {"0.0.0.0:6432", "[::1]:6432", "unix:/run/a.sock"})
    EXPECT_EQ(format_listen(*parse_listen(text, "/")), text);
  Node node;
  node.host = "fe80::1";
  node.port = 5432;
  EXPECT_EQ(node.address(), "[fe80::1]:5432");
}

TEST(Address, RelativePathsLieInTheFolder) {
  EXPECT_EQ(resolve_path("a/b", "/etc/relevo", 100), "/etc/relevo/a/b");
  EXPECT_EQ(resolve_path("./x/../a", "/etc/relevo", 100), "/etc/relevo/a");
  EXPECT_EQ(resolve_path("/a", "/etc/relevo", 100), "/a");
  EXPECT_FALSE(resolve_path("", "/etc/relevo", 100));
  EXPECT_FALSE(resolve_path(std::string(101, 'x'), "/", 100));
  EXPECT_FALSE(resolve_path(std::string("a\0b", 3), "/", 100));
}

}  // namespace
}  // namespace relevo::config::test
