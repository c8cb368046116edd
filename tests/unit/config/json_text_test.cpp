#include "proxy/config/json_text.hpp"

#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(JsonText, ReadsEveryTypeAndBothKindsOfComment) {
  const auto text = read_json(R"(// ahead
    { "a": [1, -2, 3.5, true, false, null, "x\u00e9\n"], /* in "between" */ "b": { "c": {} } } // after)");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->root,
            Json::parse(R"({"a":[1,-2,3.5,true,false,null,"x\u00e9\n"],"b":{"c":{}}})"));
  EXPECT_TRUE(text->duplicates.empty());
}

TEST(JsonText, ACommentInAStringIsText) {
  const auto text = read_json(R"({"a": "// no /* comment */"})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->root["a"], "// no /* comment */");
}

TEST(JsonText, SyntaxErrorsHaveLineAndColumn) {
  struct Case {
    std::string text;
    std::string place;
  };
  for (const Case& c :
       {Case{"", "line 1, column 1:"}, Case{"{\n  \"a\": 1,\n  }", "line 3, column 3:"},
        Case{"{\n  \"a\" 1\n}", "line 2, column 7:"}, Case{"[1, 2", "line 1, column 6:"},
        Case{"{} {}", "line 1, column 4:"}, Case{"{\"a\": tru }", "line 1, column 10:"},
        Case{"{\"a\": 1} /* open", "line 1, column 17:"}, Case{"\n\n{'a': 1}", "line 3, column 2:"},
        Case{"[1e999]", "line 1, column 6:"}, Case{std::string("{}\n\0", 4), "line 2, column 1:"},
        Case{"[\"\xff\"]", "line 1, column 3:"}}) {
    const auto text = read_json(c.text);
    ASSERT_FALSE(text) << c.text;
    EXPECT_EQ(text.error().path, "$");
    EXPECT_TRUE(text.error().message.starts_with(c.place))
        << c.text << " -> " << text.error().message;
    EXPECT_EQ(text.error().message.find("json.exception"), std::string::npos)
        << text.error().message;
  }
}

TEST(JsonText, SyntaxErrorsDoNotQuoteTheText) {
  for (const char* text :
       {R"({"password": "hunter2)", R"({"password" "hunter2"})", R"({"password": hunter2})",
        "{\"password\": \"hunter2\n\"}", R"({"password": "hunter2\x"})",
        "{\"password\": \"hunter2\xff\"}", R"({"password": "; expected hunter2\x"})"}) {
    const auto result = read_json(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().message.find("hunter"), std::string::npos) << result.error().message;
  }
}

TEST(JsonText, KeysGivenTwiceAreProblemsAndTheFirstCounts) {
  const auto text = read_json(
      R"({"a": 1, "b": [{"c": 1, "c": {"d": 1, "d": {"e": 1, "e": []}, "f": 2}, "g": 3}], "a": 2, "a": 3})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->root, Json::parse(R"({"a": 1, "b": [{"c": 1, "g": 3}]})"));
  EXPECT_THAT(text->duplicates,
              ElementsAre(is_problem("$.b[0].c", "twice"), is_problem("$.b[0].c.d"),
                          is_problem("$.b[0].c.d.e"), is_problem("$.a"), is_problem("$.a")));
}

TEST(JsonText, TheSameKeyInTwoObjectsIsNoProblem) {
  const auto text = read_json(R"([{"a": {"a": 1}}, {"a": 2}])");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->duplicates.empty());
}

TEST(JsonText, NestingIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read_json(nested(max_nesting_depth)));
  const auto deeper = read_json(nested(max_nesting_depth + 1));
  ASSERT_FALSE(deeper);
  EXPECT_THAT(deeper.error().message, HasSubstr("nested deeper than 32"));
}

TEST(JsonText, LengthIsBounded) {
  std::string text = "{}";
  text.resize(max_file_bytes, ' ');
  EXPECT_TRUE(read_json(text));
  text += ' ';
  const auto longer = read_json(text);
  ASSERT_FALSE(longer);
  EXPECT_THAT(longer.error().message, HasSubstr("longer than 1048576 bytes"));
}

TEST(JsonText, PathsQuoteKeysThatAreNoPlainWords) {
  EXPECT_EQ(path_of_key("$.pool", "max_lag9"), "$.pool.max_lag9");
  EXPECT_EQ(path_of_key("$", "a b"), "$[\"a b\"]");
  EXPECT_EQ(path_of_key("$", ""), "$[\"\"]");
  EXPECT_EQ(path_of_key("$", "\x1b[2J\n"), "$[\"\\u001b[2J\\n\"]");
  EXPECT_EQ(path_of_key("$", std::string(1000, 'x')), "$[\"" + std::string(64, 'x') + "...\"]");
  EXPECT_EQ(path_of_index("$.nodes", 3), "$.nodes[3]");
}

}  // namespace
}  // namespace relevo::config::test
