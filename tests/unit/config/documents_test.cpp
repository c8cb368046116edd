// The committed documents are what the settings table says today.
#include "proxy/config/documents.hpp"

#include <set>

#include "proxy/config/settings.hpp"
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

constexpr const char* remedy = "run `relevo-settings --write docs`";

TEST(Documents, TheCommittedSchemaIsTheGeneratedOne) {
  EXPECT_EQ(committed("config.schema.json"), schema_document()) << remedy;
}

TEST(Documents, TheCommittedReferenceIsTheGeneratedOne) {
  const std::string page = committed("configuration.md");
  const auto updated = with_reference(page, markdown_reference());
  ASSERT_TRUE(updated) << updated.error();
  EXPECT_EQ(page, *updated) << remedy;
}

TEST(Documents, TheIntroductionShowsTheCommittedExample) {
  EXPECT_THAT(committed("configuration.md"),
              ::testing::HasSubstr("```jsonc\n" + example_text("minimal") + "```"));
}

TEST(Documents, ReplacesWhatStandsBetweenTheMarkersAlone) {
  const std::string begin(reference_begin);
  const std::string end(reference_end);
  EXPECT_EQ(with_reference("a\n" + begin + "old\n" + end + "b\n", "new\n"),
            "a\n" + begin + "new\n" + end + "b\n");
  EXPECT_FALSE(with_reference("a\n" + end, "new\n"));
  EXPECT_FALSE(with_reference(end + begin, "new\n"));
}

// The schema's property at a flat path such as `clusters[].pool.size`.
Json property(const Json& schema, const std::string& path) {
  Json at = schema;
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '.');) {
    const bool items = part.ends_with("[]");
    at = at.at("properties").at(items ? part.substr(0, part.size() - 2) : part);
    if (items && at.contains("anyOf")) at = Json(at["anyOf"][0]);
    if (items) at = Json(at.at("items"));
  }
  return at;
}

TEST(Documents, TheSchemaHasEverySettingWithItsDefaultAndItsSentence) {
  const Json schema = Json::parse(schema_document());
  std::size_t settings_seen = 0;
  for (const SettingGroup& group : catalogue()) {
    const Json object = group.path.empty() ? schema : property(schema, group.path);
    EXPECT_EQ(object.at("additionalProperties"), false) << group.path;
    for (const Setting& setting : group.settings) {
      SCOPED_TRACE(setting.path);
      const Json found = property(schema, setting.path);
      EXPECT_EQ(found.at("description"), setting.doc);
      EXPECT_EQ(found.contains("default"), !setting.fallback.empty());
      if (!setting.fallback.empty()) {
        EXPECT_EQ(found.at("default").dump(), setting.fallback);
      }
      const std::string key = setting.path.substr(setting.path.rfind('.') + 1);
      const auto required = object.value("required", std::vector<std::string>{});
      EXPECT_EQ(std::count(required.begin(), required.end(), key), setting.required ? 1 : 0);
      ++settings_seen;
    }
  }
  EXPECT_GT(settings_seen, 50u);
}

TEST(Documents, EverySettingIsDescribedOnce) {
  std::set<std::string> paths;
  for (const SettingGroup& group : catalogue()) {
    EXPECT_TRUE(group.doc.ends_with('.')) << group.path;
    for (const Setting& setting : group.settings) {
      EXPECT_TRUE(paths.insert(setting.path).second) << setting.path;
      EXPECT_TRUE(setting.doc.ends_with('.')) << setting.path;
      EXPECT_FALSE(setting.type.empty()) << setting.path;
    }
  }
}

}  // namespace
}  // namespace relevo::config::test
