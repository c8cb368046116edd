// Settings: what has to be said to a server connection so that it has this
// session's, and nothing more.
#include "proxy/session/postgres/settings.hpp"

#include <gtest/gtest.h>

namespace relevo::session::postgres {
namespace {

using Form = SettingValue::Form;

Settings make(SettingsMap map) { return std::make_shared<const SettingsMap>(std::move(map)); }

SettingValue sql(std::string text) { return {std::move(text), Form::sql}; }
SettingValue flat(std::string text) { return {std::move(text), Form::flat}; }

struct ChangeCase {
  std::string_view name;
  SettingsMap from, to;
  std::string_view sql;  // empty: nothing differs
  bool certain = true;
};

class SettingsChanges : public testing::TestWithParam<ChangeCase> {};

TEST_P(SettingsChanges, SayWhatDiffers) {
  const ChangeCase& c = GetParam();
  const auto change = settings_change(make(c.from), make(c.to));
  ASSERT_EQ(change.has_value(), !c.sql.empty());
  if (!change) return;
  EXPECT_EQ(change->sql, c.sql);
  EXPECT_EQ(change->certain, c.certain);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SettingsChanges,
    testing::Values(
        ChangeCase{"Nothing", {}, {}, ""},
        ChangeCase{"Equal", {{"work_mem", sql("1")}}, {{"work_mem", sql("1")}}, ""},
        ChangeCase{
            "New", {}, {{"search_path", sql("a, \"B\"")}}, "SET \"search_path\" TO a, \"B\";"},
        ChangeCase{"Gone", {{"search_path", sql("a")}}, {}, "RESET \"search_path\";"},
        ChangeCase{"OneOfTwoDiffers",
                   {{"search_path", sql("a")}, {"work_mem", sql("1")}},
                   {{"search_path", sql("a")}, {"work_mem", sql("2")}},
                   "SET \"work_mem\" TO 2;"},
        ChangeCase{"SameTextInAnotherForm",
                   {{"work_mem", sql("1")}},
                   {{"work_mem", flat("1")}},
                   "SELECT pg_catalog.set_config('work_mem','1',false);"},
        ChangeCase{"ResetsBeforeSets",
                   {{"work_mem", sql("1")}},
                   {{"search_path", sql("a")}},
                   "RESET \"work_mem\";SET \"search_path\" TO a;"},
        ChangeCase{"FlatValuesAreQuoted",
                   {},
                   {{"application_name", flat("it's \\ 1; DROP TABLE t")}},
                   "SELECT pg_catalog.set_config('application_name', E'it''s \\\\ 1; DROP TABLE "
                   "t',false);"},
        ChangeCase{"OneUncertainNameMakesAllUncertain",
                   {},
                   {{"my.tenant", sql("'7'")}, {"work_mem", sql("1")}},
                   "SET \"my\".\"tenant\" TO '7';SET \"work_mem\" TO 1;",
                   false},
        ChangeCase{"LeavingAnUncertainNameIsUncertain",
                   {{"my.tenant", sql("'7'")}},
                   {},
                   "RESET \"my\".\"tenant\";",
                   false},
        ChangeCase{"TheRoleIsTakenLast",
                   {},
                   {{"role", sql("r")}, {"work_mem", sql("1")}},
                   "SET \"work_mem\" TO 1;SET \"role\" TO r;",
                   false},
        ChangeCase{"AndLeftFirst",
                   {{"role", sql("r")}, {"application_name", sql("x")}},
                   {{"work_mem", sql("1")}},
                   "RESET \"role\";RESET \"application_name\";SET \"work_mem\" TO 1;",
                   false},
        // SET SESSION AUTHORIZATION undoes SET ROLE, and so does RESET.
        ChangeCase{"TheAuthorizationComesBeforeTheRole",
                   {},
                   {{"role", sql("r")}, {"session_authorization", sql("s")}},
                   "SET \"session_authorization\" TO s;SET \"role\" TO r;",
                   false},
        ChangeCase{"ARoleIsTakenAgainAfterAnotherAuthorization",
                   {{"role", sql("r")}, {"session_authorization", sql("s")}},
                   {{"role", sql("r")}, {"session_authorization", sql("u")}},
                   "SET \"session_authorization\" TO u;SET \"role\" TO r;",
                   false},
        ChangeCase{"AndAfterLeavingIt",
                   {{"role", sql("r")}, {"session_authorization", sql("s")}},
                   {{"role", sql("r")}},
                   "RESET \"session_authorization\";SET \"role\" TO r;",
                   false},
        ChangeCase{"AnEqualIdentityIsLeftAlone",
                   {{"role", sql("r")}},
                   {{"role", sql("r")}, {"work_mem", sql("1")}},
                   "SET \"work_mem\" TO 1;",
                   true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(SettingsTable, EqualMapsAreOnePointer) {
  SettingsTable table;
  const Settings a = table.intern({{"work_mem", sql("1")}});
  EXPECT_EQ(a, table.intern({{"work_mem", sql("1")}}));
  EXPECT_NE(a, table.intern({{"work_mem", flat("1")}}));
  EXPECT_NE(a, table.intern({{"work_mem", sql("2")}}));
  EXPECT_NE(a, table.intern({{"work_me", sql("m1")}}));
  EXPECT_EQ(table.intern({}), no_settings());
  EXPECT_FALSE(settings_change(a, table.intern({{"work_mem", sql("1")}})));
}

TEST(SettingsTable, ForgetsMapsThatNobodyHasAndKeepsTheOthers) {
  SettingsTable table;
  const Settings kept = table.intern({{"search_path", sql("kept")}});
  for (int i = 0; i < 5000; ++i) {
    const Settings passing = table.intern({{"search_path", sql(std::to_string(i))}});
    ASSERT_EQ(passing->at("search_path").text, std::to_string(i));
  }
  EXPECT_EQ(kept, table.intern({{"search_path", sql("kept")}}));
}

struct OptionsCase {
  std::string_view options;
  bool accepted;
  SettingsMap settings;
};

TEST(ParseOptions, AsPostgresSplitsThem) {
  const OptionsCase cases[] = {
      {"", true, {}},
      {"   ", true, {}},
      {"-c work_mem=1MB", true, {{"work_mem", flat("1MB")}}},
      {"-cwork_mem=1MB", true, {{"work_mem", flat("1MB")}}},
      {"--work-mem=1MB", true, {{"work_mem", flat("1MB")}}},
      {"  -c  Work_Mem=1MB  --a.b=2 ", true, {{"work_mem", flat("1MB")}, {"a.b", flat("2")}}},
      {"-c a=1\t-c\nb=2\v\f\r", true, {{"a", flat("1")}, {"b", flat("2")}}},
      {"-c a=1 -c a=2", true, {{"a", flat("2")}}},
      {"-c a=", true, {{"a", flat("")}}},
      {"-c a=b=c", true, {{"a", flat("b=c")}}},
      {R"(-c search_path=a,\ b)", true, {{"search_path", flat("a, b")}}},
      {R"(-c a=x\\y\z)", true, {{"a", flat(R"(x\yz)")}}},
      {R"(-c a=x\)", true, {{"a", flat("x")}}},
      {"-c", false, {}},
      {"-c -c", false, {}},
      {"-c a", false, {}},
      {"-c =1", false, {}},
      {"--", false, {}},
      {"--a", false, {}},
      {"-d 5", false, {}},
      {"-E", false, {}},
      {"work_mem=1", false, {}},
  };
  for (const OptionsCase& c : cases) {
    SettingsMap settings;
    EXPECT_EQ(parse_options(c.options, settings), c.accepted) << c.options;
    if (c.accepted) {
      EXPECT_EQ(settings, c.settings) << c.options;
    }
  }
}

TEST(SettingNames, AreFolded) {
  EXPECT_EQ(fold_setting_name("Search_Path"), "search_path");
  EXPECT_EQ(fold_setting_name("TIME ZONE"), "timezone");
  EXPECT_EQ(fold_setting_name("TimeZone"), "timezone");
  EXPECT_EQ(fold_setting_name("\"Work_Mem\""), "work_mem");
  EXPECT_EQ(fold_setting_name("\""), "\"");
  EXPECT_EQ(fold_setting_name(""), "");
}

TEST(Quoting, CannotBeBrokenOutOf) {
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal("a'b"), "'a''b'");
  EXPECT_EQ(quote_literal("a\\'b"), " E'a\\\\''b'");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_identifier("a.b"), "\"a\".\"b\"");
  EXPECT_EQ(quote_identifier("a\".\"b"), "\"a\"\"\".\"\"\"b\"");
}

TEST(PlainValue, OfOneSimpleLiteralOrWord) {
  EXPECT_EQ(plain_value(sql("primary")), "primary");
  EXPECT_EQ(plain_value(sql("'primary'")), "primary");
  EXPECT_EQ(plain_value(sql("'with space' ; ")), "with space");
  EXPECT_EQ(plain_value(sql("-1.5")), "-1.5");
  EXPECT_EQ(plain_value(sql("''")), "");
  EXPECT_EQ(plain_value(sql("'")), "");
  EXPECT_EQ(plain_value(sql("'it''s'")), "");
  EXPECT_EQ(plain_value(sql("a, b")), "");
  EXPECT_EQ(plain_value(sql("E'a'")), "");
  EXPECT_EQ(plain_value(sql("\"a\"")), "");
  EXPECT_EQ(plain_value(flat("any 'thing'")), "any 'thing'");
}

}  // namespace
}  // namespace relevo::session::postgres
