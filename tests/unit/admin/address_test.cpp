#include "proxy/admin/relevoctl/address.hpp"

#include <gtest/gtest.h>

namespace relevo::admin {
namespace {

TEST(Address, IsASocketOrAUrl) {
  EXPECT_EQ(parse_address("/run/relevo/admin.sock")->to_string(), "/run/relevo/admin.sock");
  EXPECT_EQ(parse_address("unix:/x")->to_string(), "/x");
  EXPECT_EQ(parse_address("relative.sock")->to_string(), "relative.sock");
  EXPECT_EQ(parse_address("http://db.example:80")->to_string(), "http://db.example:80");
  EXPECT_EQ(parse_address("http://127.0.0.1/")->to_string(), "http://127.0.0.1:8008");
  EXPECT_EQ(parse_address("http://[::1]:9000")->to_string(), "http://[::1]:9000");
  EXPECT_EQ(parse_address("http://[::1]")->to_string(), "http://[::1]:8008");
  EXPECT_TRUE(parse_address("unix:/x")->unix_socket);
  EXPECT_FALSE(parse_address("http://[::1]")->unix_socket);
}

TEST(Address, RefusesTheRest) {
  for (const char* text :
       {"", "unix:", "https://host:1", "http://", "http://:80", "http://h:0", "http://h:99999",
        "http://h:8x", "http://h/v1", "http://[::1", "http://[::1]x", "http://u@h"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, "usage");
  }
}

}  // namespace
}  // namespace relevo::admin
