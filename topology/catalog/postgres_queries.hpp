// What is asked of pg_catalog, and the rows that come back.
//
// Every list is asked for page by page, in the order of oid, within one REPEATABLE
// READ transaction: no page is larger than a control query's answer may be, and
// all show the same moment. Names are looked up in pg_catalog alone: whoever may
// create operators in a schema of the monitor's search_path could otherwise have
// theirs called with its privileges.
#pragma once

#include <string>

#include "topology/client/connection.hpp"
#include "topology/model/catalog.hpp"

namespace relevo::catalog {

enum class Page : std::uint8_t {
  schemas,
  functions,
  relations,
  operators,
  conversions,
  comparisons,
  paths
};
inline constexpr int pages = 7;

// Ahead of the transaction: the server's own search_path, as the monitor sees it.
extern const char* const server_path_query;
extern const char* const begin_query;
// The databases that clients are likely to use, one a row.
extern const char* const databases_query;
// One row: whether in recovery, the encoding, and what changes when any of the
// rows below does.
extern const char* const fingerprint_query;

// The rows behind `after`; fewer than page_rows(page) of them are the last.
std::string page_query(Page page, model::Oid after);
std::size_t page_rows(Page page);

// False for an answer of another form. `last`: the greatest oid in it; `uses`: grows by
// what its objects refer to.
bool take_page(Page page, const client::Rows& answer, model::CatalogRows& into, model::Oid& last,
               std::size_t& uses);
bool take_server_path(const client::Rows& answer, model::CatalogRows& into);

}  // namespace relevo::catalog
