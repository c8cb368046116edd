// The full example: it is right, it has every setting, and each key of it that is
// taken out, renamed or given a value of another type is reported at its place.
#include <set>

#include "proxy/config/settings.hpp"
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A key somewhere in the example, in the notations that are needed.
struct Key {
  Json::json_pointer object;
  std::string name;
  std::string path;  // `$.clusters[0].pool.size`
  std::string flat;  // `clusters[].pool.size`
  Json value;
};

void collect(const Json& at, const Json::json_pointer& pointer, const std::string& path,
             const std::string& flat, std::vector<Key>& keys) {
  if (at.is_array())
    for (std::size_t i = 0; i < at.size(); ++i)
      collect(at[i], pointer / i, path_of_index(path, i), flat + "[]", keys);
  if (!at.is_object()) return;
  for (const auto& [name, value] : at.items()) {
    const std::string inner = flat.empty() ? name : flat + "." + name;
    keys.push_back({pointer, name, path_of_key(path, name), inner, value});
    collect(value, pointer / name, path_of_key(path, name), inner, keys);
  }
}

class FullExample : public ::testing::Test {
 protected:
  FullExample() : full(example("full")) {
    collect(full, Json::json_pointer(), "$", "", keys);
    for (const SettingGroup& group : catalogue())
      for (const Setting& setting : group.settings)
        if (setting.required) required.insert(setting.path);
  }
  std::vector<Problem> problems(const Json& json) const { return world.problems(json.dump()); }

  World world;
  Json full;
  std::vector<Key> keys;
  std::set<std::string> required;
};

TEST_F(FullExample, IsRight) { EXPECT_THAT(world.problems(example_text("full")), IsEmpty()); }

TEST_F(FullExample, HasEverySetting) {
  std::set<std::string> flat;
  for (const Key& key : keys) flat.insert(key.flat);
  for (const SettingGroup& group : catalogue())
    for (const Setting& setting : group.settings)
      EXPECT_TRUE(flat.contains(setting.path)) << setting.path;
}

// Keys that others need, though they are not required by themselves.
const std::map<std::string, std::string> needed_by_others{
    {"clusters[].tls.mode", "$.clusters[0].tls.mode"},
    {"clusters[].tls.cert", "$.clusters[0].tls.cert"},
    {"clusters[].tls.key", "$.clusters[0].tls.key"},
    {"clusters[].server_tls.mode", "$.clusters[0].server_tls.ca"},
    {"clusters[].server_tls.ca", "$.clusters[0].server_tls.ca"},
    {"clusters[].monitor", "$.clusters[0].monitor.user"},
    {"clusters[].replication", "$.clusters[0].replication.user"},
    {"clusters[].replication.user", "$.clusters[0].replication.user"},
    {"clusters[].routing.zone", "$.clusters[0].routing.zone"},
    {"clusters[].failover.durability", "$.clusters[0].failover.acks"},
    {"clusters[].failover.acks", "$.clusters[0].failover.acks"},
    {"admin.token.file", "$.admin.token"},
    {"clusters[].monitor.password.env", "$.clusters[0].monitor.password"},
    {"clusters[].replication.password.file", "$.clusters[0].replication.password"},
    {"clusters[].auth.users[].password.env", "$.clusters[0].auth.users[0].password"},
};

TEST_F(FullExample, EachKeyThatIsMissing) {
  for (const Key& key : keys) {
    Json json = full;
    json[key.object].erase(key.name);
    const auto found = problems(json);
    if (required.contains(key.flat))
      EXPECT_THAT(found, ElementsAre(is_problem(key.path, "required"))) << key.path;
    else if (needed_by_others.contains(key.flat))
      EXPECT_THAT(found, ElementsAre(is_problem(needed_by_others.at(key.flat)))) << key.path;
    else
      EXPECT_THAT(found, IsEmpty()) << key.path;
  }
}

TEST_F(FullExample, EachKeyThatIsMisspelt) {
  for (const Key& key : keys) {
    Json json = full;
    json[key.object].erase(key.name);
    json[key.object][key.name + "_"] = key.value;
    EXPECT_THAT(problems(json), Contains(is_problem(key.path + "_", in_quotes(key.name))))
        << key.path;
  }
}

TEST_F(FullExample, EachKeyOfAnotherType) {
  for (const Key& key : keys) {
    const auto refused = is_problem(key.path, "expected ");
    const Json wrong = key.value.is_object()  ? Json(7)
                       : key.value.is_array() ? Json::object()
                                              : Json::array({true});
    Json json = full;
    json[key.object][key.name] = wrong;
    EXPECT_THAT(problems(json), ElementsAre(refused)) << key.path;
    json[key.object][key.name] = key.value.is_number() ? Json("text") : Json(2.5);
    EXPECT_THAT(problems(json), ElementsAre(refused)) << key.path;
  }
}

TEST_F(FullExample, EachKeyThatIsGivenTwice) {
  const std::string text = full.dump();
  std::size_t seen = 0;
  for (const Key& key : keys) {
    // Put the same key and value once more at the head of its object.
    Json marked = full;
    marked[key.object][" mark"] = true;  // sorts first
    std::string twice = marked.dump();
    const std::string mark = R"(" mark":true,)";
    const auto at = twice.find(mark);
    ASSERT_NE(at, std::string::npos);
    twice.replace(at, mark.size(), Json(key.name).dump() + ":" + key.value.dump() + ",");
    EXPECT_THAT(world.problems(twice), ElementsAre(is_problem(key.path, "twice"))) << key.path;
    ++seen;
  }
  EXPECT_GT(seen, 70u);
}

}  // namespace
}  // namespace relevo::config::test
