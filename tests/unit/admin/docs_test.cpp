// The documentation's tables are made from the tables in the code. After a
// change, run this program with RELEVO_UPDATE_DOCS=1 to write them anew.
#include <gtest/gtest.h>

#include "proxy/admin/metrics.hpp"
#include "proxy/admin/routes.hpp"
#include "tests/support/generated_table.hpp"

namespace relevo::admin {
namespace {

const std::string docs = RELEVO_DOCS;

TEST(Docs, ListEveryRoute) { test::expect_documented(docs + "/admin-api.md", routes_markdown()); }
TEST(Docs, ListEveryMetric) { test::expect_documented(docs + "/metrics.md", metrics_markdown()); }

}  // namespace
}  // namespace relevo::admin
