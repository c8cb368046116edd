#include "proxy/route/mysql/functions.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "proxy/route/keyword_table.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

#include "proxy/route/mysql/functions_table.inc"

// Shipped, and not harmless. UUID_SHORT() is: replicas differ in server_id.
constexpr auto listed = std::to_array<ListedKeyword<SessionFunction, FunctionKind>>({
    {"binlog_gtid_pos", SessionFunction::none, FunctionKind::local},
    {"connection_id", SessionFunction::connection_id, FunctionKind::local},
    {"found_rows", SessionFunction::found_rows, FunctionKind::local},
    {"get_lock", SessionFunction::get_lock, FunctionKind::writing},
    {"is_free_lock", SessionFunction::none, FunctionKind::local},
    {"is_used_lock", SessionFunction::none, FunctionKind::local},
    {"last_insert_id", SessionFunction::last_insert_id, FunctionKind::local},
    {"lastval", SessionFunction::last_value, FunctionKind::local},
    {"load_file", SessionFunction::none, FunctionKind::local},
    {"master_gtid_wait", SessionFunction::none, FunctionKind::local},
    {"master_pos_wait", SessionFunction::none, FunctionKind::local},
    {"nextval", SessionFunction::next_value, FunctionKind::writing},
    {"ps_current_thread_id", SessionFunction::connection_id, FunctionKind::local},
    {"ps_thread_id", SessionFunction::none, FunctionKind::local},
    {"release_all_locks", SessionFunction::release_all_locks, FunctionKind::writing},
    {"release_lock", SessionFunction::release_lock, FunctionKind::writing},
    {"row_count", SessionFunction::row_count, FunctionKind::local},
    {"setval", SessionFunction::none, FunctionKind::writing},
    {"source_pos_wait", SessionFunction::none, FunctionKind::local},
});

constexpr KeywordTable<SessionFunction, FunctionKind, listed.size()> special(listed);

constexpr std::size_t name_bytes_max = 64;

bool is_harmless(std::string_view folded, MysqlServer server) {
  // MySQL's alone, of a name that the other does not know at all.
  if (server != MysqlServer::mysql && folded == "grouping") return false;
  if (contains_name(common_by_length, folded)) return true;
  switch (server) {
    case MysqlServer::unknown:
      return false;
    case MysqlServer::mysql:
      return contains_name(mysql_only_by_length, folded);
    case MysqlServer::mariadb:
      return contains_name(mariadb_only_by_length, folded);
  }
  return false;
}

// Too long for the table of the others; no UDF or stored function is called so.
constexpr std::array<std::string_view, 2> long_waits = {"wait_for_executed_gtid_set",
                                                        "wait_until_sql_thread_after_gtids"};

// Of either database. What a server says to them is error 1630, which points to
// the manual's page on how it reads functions' names.
constexpr auto tied_to_parenthesis = std::to_array<std::string_view>({"adddate",
                                                                      "bit_and",
                                                                      "bit_or",
                                                                      "bit_xor",
                                                                      "cast",
                                                                      "count",
                                                                      "cume_dist",
                                                                      "curdate",
                                                                      "curtime",
                                                                      "date_add",
                                                                      "date_sub",
                                                                      "dense_rank",
                                                                      "extract",
                                                                      "first_value",
                                                                      "group_concat",
                                                                      "json_arrayagg",
                                                                      "json_objectagg",
                                                                      "json_table",
                                                                      "lag",
                                                                      "lead",
                                                                      "max",
                                                                      "median",
                                                                      "mid",
                                                                      "min",
                                                                      "now",
                                                                      "nth_value",
                                                                      "ntile",
                                                                      "percent_rank",
                                                                      "percentile_cont",
                                                                      "percentile_disc",
                                                                      "position",
                                                                      "rank",
                                                                      "session_user",
                                                                      "st_collect",
                                                                      "std",
                                                                      "stddev",
                                                                      "stddev_pop",
                                                                      "stddev_samp",
                                                                      "subdate",
                                                                      "substr",
                                                                      "substring",
                                                                      "sum",
                                                                      "sysdate",
                                                                      "system_user",
                                                                      "trim",
                                                                      "var_pop",
                                                                      "var_samp",
                                                                      "variance"});

}  // namespace

bool needs_parenthesis_at_once(std::string_view name) {
  return std::ranges::any_of(tied_to_parenthesis,
                             [&](std::string_view tied) { return equals_folded(name, tied); });
}

FunctionMatch find_function(std::string_view name, MysqlServer server) {
  if (name.size() > name_bytes_max) return {};
  const auto match = special.find(name);
  if (match.cls != FunctionKind::unknown) return {match.cls, match.keyword};
  std::array<char, name_bytes_max> buffer;
  for (std::size_t i = 0; i < name.size(); ++i) buffer[i] = to_lower(name[i]);
  const std::string_view folded(buffer.data(), name.size());
  if (is_harmless(folded, server)) return {FunctionKind::harmless, SessionFunction::none};
  for (const std::string_view wait : long_waits) {
    if (folded == wait) return {FunctionKind::local, SessionFunction::none};
  }
  return {};
}

SessionFunction find_session_function(std::string_view name) { return special.find(name).keyword; }

}  // namespace relevo::route::mysql
