// PostgreSQL's keywords, as far as they decide something here: those that begin
// a statement or a clause, and all that cannot be a function's name.
//
// https://www.postgresql.org/docs/current/sql-keywords-appendix.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/route/keyword_table.hpp"

namespace relevo::route::postgres {

// The grammar's four classes. They decide whether `word (` can be a call.
enum class KeywordClass : std::uint8_t {
  none,           // not listed here: perhaps an unreserved keyword, or none
  unreserved,     // may name anything
  column_name,    // may not name a function: BETWEEN, COALESCE, INTEGER, ...
  type_function,  // may name a function: LEFT, JOIN, LIKE, ...
  reserved,       // may name nothing, save behind AS or a dot
};

// `other`: a keyword with no meaning here but its class. `leading`: an unreserved
// one that the grammar puts ahead of an expression: XMLTABLE(... PASSING f(x) ...).
enum class Keyword : std::uint8_t {
  none,
  other,
  leading,
  abort_,
  all_,
  analyse_,
  analyze_,
  as_,
  asc_,
  atomic_,
  authorization_,
  begin_,
  by_,
  call_,
  case_,
  characteristics_,
  close_,
  commit_,
  committed_,
  constraints_,
  copy_,
  create_,
  cross_,
  cube_,
  deallocate_,
  declare_,
  deferrable_,
  delete_,
  desc_,
  discard_,
  distinct_,
  do_,
  drop_,
  end_,
  escape_,
  except_,
  execute_,
  explain_,
  false_,
  fetch_,
  filter_,
  first_,
  for_,
  from_,
  full_,
  global_,
  group_,
  grouping_,
  having_,
  hold_,
  inner_,
  insert_,
  intersect_,
  into_,
  is_,
  isolation_,
  join_,
  key_,
  lateral_,
  left_,
  limit_,
  listen_,
  load_,
  local_,
  materialized_,
  merge_,
  move_,
  names_,
  natural_,
  next_,
  no_,
  not_,
  notify_,
  null_,
  offset_,
  on_,
  only_,
  operator_,
  or_,
  order_,
  ordinality_,
  outer_,
  over_,
  partition_,
  plans_,
  prepare_,
  prepared_,
  read_,
  recursive_,
  release_,
  repeatable_,
  replace_,
  reset_,
  right_,
  role_,
  rollback_,
  rollup_,
  savepoint_,
  schema_,
  select_,
  sequences_,
  serializable_,
  session_,
  set_,
  sets_,
  share_,
  show_,
  start_,
  stdin_,
  stdout_,
  table_,
  tablesample_,
  temp_,
  temporary_,
  time_,
  to_,
  transaction_,
  treat_,
  true_,
  uncommitted_,
  union_,
  unlisten_,
  update_,
  values_,
  verbose_,
  where_,
  window_,
  with_,
  work_,
  write_,
  xml_,
  zone_
};

using KeywordMatch = route::KeywordMatch<Keyword, KeywordClass>;

// All that keywords.cpp lists. Here, so that the lexer looks words up without a call.
inline constexpr std::size_t keyword_count = 236;
extern const KeywordTable<Keyword, KeywordClass, keyword_count> keyword_table;

// `word`: an unquoted identifier.
inline KeywordMatch find_keyword(std::string_view word) { return keyword_table.find(word); }

}  // namespace relevo::route::postgres
