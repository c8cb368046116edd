// load() on a real disk and a real environment.
#include "proxy/config/load.hpp"

#include <unistd.h>

#include <cstdlib>

#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "relevo-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name, std::ios::binary) << content;
    return folder / name;
  }
  static std::vector<Problem> problems(const fs::path& file) {
    auto config = load(file);
    return config ? std::vector<Problem>{} : config.error();
  }

  fs::path folder;
};

TEST_F(LoadTest, TakesRelativePathsFromTheFilesFolder) {
  write("repl.secret", "from a file\n");
  write("server.crt", "PEM");
  write("server.key", "PEM");
  ASSERT_EQ(setenv("RELEVO_MONITOR_PASSWORD", "from the environment", 1), 0);
  const auto file = write("relevo.json", edited(example("minimal"), {{"/state_dir", R"("state")"},
                                                                     {"/clusters/0/tls", R"({"mode":
                        "require", "cert": "server.crt", "key": "server.key"})"}}));
  const auto config = load(file);
  ASSERT_TRUE(config) << config.error()[0].path << ": " << config.error()[0].message;
  EXPECT_EQ(config->clusters[0].monitor.password.reveal(), "from the environment");
  EXPECT_EQ(config->clusters[0].replication.password.reveal(), "from a file");
  EXPECT_EQ(config->clusters[0].tls.cert, (folder / "server.crt").string());
  EXPECT_EQ(config->state_dir, (folder / "state").string());
}

TEST_F(LoadTest, ARelativeFileNameHasAFolderToo) {
  write("repl.secret", "from a file\n");
  ASSERT_EQ(setenv("RELEVO_MONITOR_PASSWORD", "x", 1), 0);
  const auto file = write("relevo.json", example_text("minimal"));
  const auto config = load(fs::relative(file));
  ASSERT_TRUE(config) << config.error()[0].path << ": " << config.error()[0].message;
  EXPECT_EQ(config->clusters[0].replication.password.reveal(), "from a file");
}

TEST_F(LoadTest, AnUnsetVariableIsAProblem) {
  write("repl.secret", "from a file\n");
  ASSERT_EQ(unsetenv("RELEVO_MONITOR_PASSWORD"), 0);
  EXPECT_THAT(problems(write("relevo.json", example_text("minimal"))),
              ElementsAre(is_problem("$.clusters[0].monitor.password.env", "not set")));
}

TEST_F(LoadTest, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT(problems(folder / "nowhere.json"),
              ElementsAre(is_problem("$", "No such file or directory")));
  EXPECT_THAT(problems(folder), ElementsAre(is_problem("$", "Is a directory")));
  EXPECT_THAT(problems(write("empty.json", "")), ElementsAre(is_problem("$", "line 1, column 1")));
  EXPECT_THAT(problems(write("long.json", std::string(max_file_bytes + 1, ' '))),
              ElementsAre(is_problem("$", "longer than")));
  EXPECT_THAT(problems("/dev/zero"), ElementsAre(is_problem("$", "longer than")));
}

}  // namespace
}  // namespace relevo::config::test
