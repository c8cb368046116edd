// Where secrets come from, and that their text stays out of every message.
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::ElementsAre;

const std::string pointer = "/clusters/0/monitor/password";
const std::string path = "$.clusters[0].monitor.password";

class SecretTest : public ::testing::Test {
 protected:
  auto parse(const std::string& value) const {
    return world.parse(edited(example("minimal"), {{pointer, value}}));
  }
  std::string text_of(const std::string& value) const {
    const auto config = parse(value);
    return config ? config->clusters[0].monitor.password.reveal()
                  : "refused: " + config.error()[0].message;
  }
  void expect_refused(const std::string& value, const std::string& at,
                      const std::string& words) const {
    const auto config = parse(value);
    ASSERT_FALSE(config) << value;
    EXPECT_THAT(config.error(), ElementsAre(is_problem(at, words))) << value;
  }

  World world;
};

TEST_F(SecretTest, IsTheTextItself) { EXPECT_EQ(text_of(R"("s3 cret")"), "s3 cret"); }

TEST_F(SecretTest, IsAnEnvironmentVariable) {
  world.environment["PW"] = "from the environment";
  EXPECT_EQ(text_of(R"({"env": "PW"})"), "from the environment");
}

TEST_F(SecretTest, IsAFileWithoutItsLastLineEnd) {
  struct Case {
    std::string content;
    std::string secret;
  };
  for (const Case& c : {Case{"abc", "abc"}, Case{"abc\n", "abc"}, Case{"abc\r\n", "abc"},
                        Case{" abc \n", " abc "}}) {
    world.files["/etc/relevo/pw"] = c.content;
    EXPECT_EQ(text_of(R"({"file": "pw"})"), c.secret);
    EXPECT_EQ(text_of(R"({"file": "/etc/relevo/pw"})"), c.secret);
    EXPECT_EQ(text_of(R"({"file": "../relevo/./pw"})"), c.secret);
  }
}

TEST_F(SecretTest, RefusesOtherForms) {
  for (const char* value : {"5", "true", "null", "[]", R"(["a"])"})
    expect_refused(value, path, "expected secret");
  expect_refused("{}", path, "exactly one");
  expect_refused(R"({"file": "pw", "env": "PW"})", path, "exactly one");
  expect_refused(R"({"fiel": "pw"})", path + ".fiel", "nearest known one is \"file\"");
  expect_refused(R"({"env": 5})", path + ".env", "expected a string, found a number");
  expect_refused(R"({"file": null})", path + ".file", "expected a string, found null");
  expect_refused(R"({"env": ""})", path + ".env", "not the name");
  expect_refused(R"({"env": "A=B"})", path + ".env", "not the name");
  expect_refused(R"({"file": ""})", path + ".file", "must not be empty");
}

TEST_F(SecretTest, RefusesWhatCannotBeRead) {
  expect_refused(R"({"env": "UNSET"})", path + ".env", "\"UNSET\" is not set");
  expect_refused(R"({"file": "nowhere"})", path + ".file",
                 "cannot read /etc/relevo/nowhere: No such file or directory");
}

TEST_F(SecretTest, RefusesWhatCannotBeASecret) {
  expect_refused(R"("")", path, "is empty");
  world.environment["EMPTY"] = "";
  expect_refused(R"({"env": "EMPTY"})", path + ".env", "is empty");
  for (const std::string& content : {std::string("\n"), std::string("\r\n"), std::string()}) {
    world.files["/etc/relevo/pw"] = content;
    expect_refused(R"({"file": "pw"})", path + ".file", "is empty");
  }
  for (const std::string& content :
       {std::string("a\nb\n"), std::string("a\n\n"), std::string("a\0b", 3)}) {
    world.files["/etc/relevo/pw"] = content;
    expect_refused(R"({"file": "pw"})", path + ".file", "line break");
  }
  world.files["/etc/relevo/pw"] = std::string(4097, 'x');
  expect_refused(R"({"file": "pw"})", path + ".file", "longer than 4096");
}

TEST_F(SecretTest, NoMessageHoldsItsText) {
  world.files["/etc/relevo/pw"] = "hunter2\nhunter2\n";
  world.environment["PW"] = std::string(5000, 'x') + "hunter2";
  for (const char* value : {R"("hunter2\nhunter2")", R"(["hunter2"])", R"({"file": "pw"})",
                            R"({"env": "PW"})", R"({"env": ["hunter2"]})"}) {
    const auto config = parse(value);
    ASSERT_FALSE(config) << value;
    for (const Problem& problem : config.error())
      EXPECT_EQ((problem.path + problem.message).find("hunter2"), std::string::npos)
          << problem.message;
  }
  // A connection URL in place of an address.
  for (const char* wrong : {"/clusters/0/nodes/0/address", "/clusters/0/listen/0"}) {
    const auto problems = world.problems(
        edited(example("minimal"), {{wrong, R"("postgres://app:hunter2@db1:5432")"}}));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].message.find("hunter2"), std::string::npos) << problems[0].message;
  }
  // A password that stands where another kind of value belongs.
  for (const char* wrong :
       {"/clusters/0/pool", "/clusters/0/nodes", "/clusters/0/auth", "/workers"}) {
    const auto problems = world.problems(edited(example("minimal"), {{wrong, R"("hunter2")"}}));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].message.find("hunter2"), std::string::npos) << problems[0].message;
  }
}

}  // namespace
}  // namespace relevo::config::test
