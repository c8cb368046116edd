// Whatever the bytes are: a configuration or at least one problem, and no crash.
// The seeds are fixed, so that a failure can be repeated.
#include <random>

#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

void expect_an_answer(const World& world, const std::string& text) {
  const auto config = world.parse(text);
  if (config) {
    EXPECT_FALSE(config->clusters.empty());
    return;
  }
  EXPECT_FALSE(config.error().empty());
  for (const Problem& problem : config.error()) {
    EXPECT_TRUE(problem.path.starts_with("$"));
    EXPECT_FALSE(problem.message.empty());
    // Both go to a terminal.
    for (const char c : problem.path + problem.message)
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << problem.path << ": " << problem.message;
  }
}

TEST(Hostile, RandomBytes) {
  const World world;
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 64, '\0');
    for (char& c : text) c = static_cast<char>(random());
    expect_an_answer(world, text);
  }
}

TEST(Hostile, RandomTokens) {
  const World world;
  const std::vector<std::string> tokens{
      "{",  "}",  "[",  "]",  ",",  ":",           "\"clusters\"",       "\"a\"", "null", "1e999",
      "-0", "//", "/*", "*/", "\n", "\"\\ud800\"", "9223372036854775808"};
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string text = "{";
    for (auto left = random() % 20; left > 0; --left) text += tokens[random() % tokens.size()];
    expect_an_answer(world, text);
  }
}

TEST(Hostile, TheFullExampleDamagedAtRandomPlaces) {
  const World world;
  const std::string full = example_text("full");
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    std::string text = full;
    for (auto left = 1 + random() % 3; left > 0; --left) {
      const auto at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), random() % 16));
          break;
        default:
          text[at] = "{}[]\",:0"[random() % 8];
      }
    }
    expect_an_answer(world, text);
  }
}

TEST(Hostile, EveryPrefixOfTheMinimalExample) {
  const World world;
  const std::string full = example_text("minimal");
  const std::size_t last = full.rfind('}');
  for (std::size_t length = 0; length <= last; ++length)
    EXPECT_FALSE(world.parse(full.substr(0, length))) << length;
}

TEST(Hostile, DeepNestingAndLongTexts) {
  const World world;
  const auto repeated = [](const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() + part.size() <= bytes) text += part;
    return text;
  };
  for (const char* part : {"[", "{\"a\":", "[{\"clusters\":", "/*", "//", "\"", "1", "[[],"})
    expect_an_answer(world, repeated(part, max_file_bytes));
  expect_an_answer(world, "{\"clusters\": [" + repeated("{},", 20000) + "{}]}");
  expect_an_answer(world, "{\"" + std::string(max_file_bytes / 2, 'x') + "\": 1}");
  expect_an_answer(world, "{\"clusters\": \"" + std::string(max_file_bytes / 2, 'x') + "\"}");
  expect_an_answer(world,
                   "{\"log\": {\"level\": \"" + std::string(max_file_bytes / 2, 'x') + "\"}}");
}

TEST(Hostile, TerminalEscapesInKeysAndValuesAreShownAndNotSent) {
  const World world;
  expect_an_answer(world,
                   R"({"\u001b[2J": 1, "\n": 2, "clusters": [{"name": "\u001b]0;x\u0007"}]})");
  expect_an_answer(world, edited(example("minimal"),
                                 {{"/clusters/0/nodes/0/address", R"("\u001b[2J:1")"},
                                  {"/clusters/0/listen", R"(["\r\n:1"])"},
                                  {"/log/level", R"("\u0000")"},
                                  {"/drain_timeout", R"("\u0000s")"},
                                  {"/clusters/0/monitor/password", R"({"env": "\u001b[2J"})"}}));
}

}  // namespace
}  // namespace relevo::config::test
