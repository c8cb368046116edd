// What the Debian package installs fits the program that it installs.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "proxy/admin/relevoctl/address.hpp"
#include "proxy/config/load.hpp"

namespace relevo::admin {
namespace {

std::string packaged(const std::string& name) {
  std::stringstream content;
  content << std::ifstream(std::string(RELEVO_PACKAGING) + "/" + name).rdbuf();
  EXPECT_FALSE(content.str().empty()) << name;
  return content.str();
}

TEST(Package, HasAConfigurationThatLoads) {
  config::LoadContext context;
  context.environment = [](const std::string&) { return std::optional<std::string>("secret"); };
  const auto loaded = config::parse(packaged("relevo.json"), context);
  if (!loaded) {
    for (const auto& problem : loaded.error())
      ADD_FAILURE() << problem.path << ": " << problem.message;
    return;
  }
  // Nobody's first failover happens without having been asked for.
  EXPECT_EQ(loaded->clusters.at(0).failover.mode, config::FailoverMode::manual);
  // relevoctl finds the service without being told.
  EXPECT_EQ(loaded->admin.socket, default_admin_socket);
}

TEST(Package, ProvidesTheDirectoriesThatTheDefaultsName) {
  const std::string unit = packaged("relevo.service");
  EXPECT_THAT(unit, testing::HasSubstr("\nRuntimeDirectory=relevo\n"));
  EXPECT_THAT(unit, testing::HasSubstr("\nStateDirectory=relevo\n"));
  EXPECT_EQ(config::Config{}.state_dir, "/var/lib/relevo");
  EXPECT_EQ(config::Config{}.admin.socket, default_admin_socket);
}

}  // namespace
}  // namespace relevo::admin
