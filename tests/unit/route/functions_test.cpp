#include "proxy/route/postgres/functions.hpp"

#include <gtest/gtest.h>

#include <string>

#include "proxy/route/postgres/relations.hpp"

namespace relevo::route::postgres {
namespace {

TEST(Functions, Harmless) {
  for (const std::string_view name :
       {"ln", "abs", "now", "count", "lower", "random", "string_agg", "row_number", "pg_sleep",
        "jsonb_path_query", "pg_get_function_identity_arguments", "generate_series", "max", "xpath",
        "pg_is_in_recovery", "inet_server_port", "gen_random_uuid", "current_setting"}) {
    EXPECT_EQ(find_function(name), FunctionKind::harmless) << name;
  }
}

TEST(Functions, ShippedButNotHarmless) {
  for (const std::string_view name : {"nextval",
                                      "setval",
                                      "currval",
                                      "lastval",
                                      "set_config",
                                      "pg_notify",
                                      "lo_creat",
                                      "lo_get",
                                      "pg_advisory_lock",
                                      "pg_advisory_xact_lock",
                                      "txid_current",
                                      "pg_current_wal_lsn",
                                      "pg_current_xact_id",
                                      "pg_export_snapshot",
                                      "pg_promote",
                                      "pg_reload_conf",
                                      "query_to_xml",
                                      "pg_terminate_backend",
                                      "pg_stat_get_activity",
                                      "pg_read_file",
                                      "setseed",
                                      "ts_rewrite",
                                      "pg_logical_emit_message",
                                      "pg_replication_origin_create",
                                      "pg_backend_pid",
                                      "RI_FKey_check_ins",
                                      "binary_upgrade_set_next_heap_pg_class_oid"}) {
    EXPECT_EQ(find_function(name), FunctionKind::shipped) << name;
  }
}

TEST(Functions, Unknown) {
  for (const std::string_view name :
       {"", "x", "dblink", "lowe", "lowerr", "Lower", "lower\"", "absage", "bsa", "st_within"}) {
    EXPECT_EQ(find_function(name), FunctionKind::unknown) << name;
  }
  EXPECT_EQ(find_function(std::string(63, 'a')), FunctionKind::unknown);
  EXPECT_EQ(find_function_folded(std::string(64, 'a')), FunctionKind::unknown);
  EXPECT_EQ(find_function_folded(std::string(100000, 'a')), FunctionKind::unknown);
}

TEST(Functions, CalledByDot) {
  for (const std::string_view name :
       {"nextval", "NextVal", "\"nextval\"", "pg_advisory_lock", "lo_unlink", "setseed"}) {
    EXPECT_TRUE(called_by_dot(name)) << name;
  }
  for (const std::string_view name :
       {"", "\"", "\"\"", "x", "id", "name", "lower", "system", "\"system\"", "\"NEXTVAL\"",
        "nextval2", "user_id", "charge", "\x80\x81\x82"}) {
    EXPECT_FALSE(called_by_dot(name)) << name;
  }
  EXPECT_FALSE(called_by_dot(std::string(64, 'p')));
}

TEST(Functions, Folding) {
  EXPECT_EQ(find_function_folded("LOWER"), FunctionKind::harmless);
  EXPECT_EQ(find_function_folded("NextVal"), FunctionKind::shipped);
  EXPECT_TRUE(equals_folded("AbC", "abc"));
  EXPECT_FALSE(equals_folded("ab", "abc"));
  // '@' and '`' differ as 'A' and 'a' do, and are not letters.
  EXPECT_FALSE(equals_folded("@", "`"));
}

TEST(Relations, Locality) {
  for (const std::string_view name : {"pg_stat_activity", "PG_STAT_REPLICATION", "pg_locks",
                                      "\"pg_cursors\"", "pg_statio_user_tables"}) {
    EXPECT_EQ(locality_of(name), Locality::server) << name;
  }
  for (const std::string_view name : {"pg_temp", "PG_TEMP", "\"pg_temp\"", "pg_temp_12"}) {
    EXPECT_EQ(locality_of(name), Locality::session) << name;
  }
  for (const std::string_view name : {"pg_class", "pg_stats", "pg_statistic", "pg_settings", "t",
                                      "", "\"", "\"\"", "pg_lock", "pg_temporal", "xpg_locks"}) {
    EXPECT_EQ(locality_of(name), Locality::everywhere) << name;
  }
}

}  // namespace
}  // namespace relevo::route::postgres
