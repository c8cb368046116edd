// What a primary's settings make its commits wait for.
#include "failover/decide/promise.hpp"

#include <gtest/gtest.h>

namespace relevo::decide {
namespace {

using namespace std::chrono_literals;

// PostgreSQL's grammar: [FIRST | ANY] NUMBER ( LIST ), or LIST alone.
TEST(Promise, CountsSynchronousStandbys) {
  struct Case {
    const char* names;
    unsigned count;
  };
  for (const auto& test : {
           Case{"", 0},
           Case{"   ", 0},
           Case{"db2", 1},
           Case{"db2, db3", 1},
           Case{"*", 1},
           Case{"ANY 1 (db2, db3)", 1},
           Case{"ANY 2 (*)", 2},
           Case{"any\t2(a,b,c)", 2},
           Case{" First  3 ( a , b , c )", 3},
           Case{"2 (a, b)", 2},
           Case{"2(a, b)", 2},
           Case{"anybody", 1},
           Case{"any", 1},
           Case{"\"ANY\", first", 1},
           Case{"first, second", 1},
           Case{"99999999999999999999 (a)", 0},
       }) {
    model::NodeStatus primary;
    primary.synchronous_standbys = test.names;
    EXPECT_EQ(promise_of(primary).acks, test.count) << test.names;
  }
}

TEST(Promise, OfPostgres) {
  model::NodeStatus primary;
  EXPECT_EQ(promise_of(primary).acks, 0U);
  primary.synchronous_standbys = "ANY 2 (*)";
  primary.downstreams = {{"db2", "", "streaming", "quorum"}, {"db3", "", "streaming", "async"}};
  EXPECT_EQ(promise_of(primary).acks, 2U);
  EXPECT_EQ(promise_of(primary).acknowledging, 1U);
  EXPECT_FALSE(promise_of(primary).lapses_after);
  for (const char* level : {"on", "remote_write", "remote_apply"}) {
    primary.synchronous_commit = level;
    EXPECT_EQ(promise_of(primary).acks, 2U) << level;
  }
  for (const char* level : {"off", "local"}) {
    primary.synchronous_commit = level;
    EXPECT_EQ(promise_of(primary).acks, 0U) << level;
    EXPECT_EQ(promise_of(primary).text, std::string("synchronous_commit is ") + level);
  }
}

TEST(Promise, OfSemiSync) {
  model::NodeStatus primary;
  primary.flavor = model::Flavor::mariadb;
  primary.synchronous_standbys = "ANY 2 (*)";  // not this engine's
  EXPECT_EQ(promise_of(primary).acks, 0U);
  auto& semi = primary.semi_sync;
  semi.primary_enabled = true;
  EXPECT_EQ(promise_of(primary).acks, 0U) << "it has fallen back";
  semi.primary_active = true;
  semi.acks_wanted = 2;
  semi.clients = 3;
  semi.timeout = 10s;
  EXPECT_EQ(promise_of(primary).acks, 2U);
  EXPECT_EQ(promise_of(primary).acknowledging, 3U);
  EXPECT_EQ(promise_of(primary).lapses_after, model::Duration(10s));
  semi.timeout = 1h;
  EXPECT_FALSE(promise_of(primary).lapses_after);
  semi.waits_alone = false;
  EXPECT_EQ(promise_of(primary).lapses_after, model::Duration(0));
}

constexpr model::Instant start{1000s};

TEST(Coverage, OfTheFirstAccountBeginsWithTheNext) {
  Coverage coverage;
  coverage.acks = 2;  // as recorded by a process before
  judge(coverage, 2, false, start, 1s);
  EXPECT_EQ(coverage.acks, 0U) << "nobody looked between";
  EXPECT_EQ(coverage.rising_to, 2U);
  EXPECT_EQ(coverage.since, start) << "nothing was seen to change";
  settle(coverage);
  EXPECT_EQ(coverage.acks, 2U);
  EXPECT_EQ(coverage.rising_to, 0U);
}

TEST(Coverage, FallsAtOnceAndRisesLate) {
  Coverage coverage;
  judge(coverage, 1, false, start, 1s);
  settle(coverage);
  judge(coverage, 0, false, start + 1s, 1s);
  EXPECT_EQ(coverage.acks, 0U);
  EXPECT_EQ(coverage.rising_to, 0U);
  judge(coverage, 3, false, start + 2s, 1s);
  EXPECT_EQ(coverage.acks, 0U);
  EXPECT_EQ(coverage.since, start + 3s);
  coverage.end = model::Position(model::Lsn{10});
  judge(coverage, 2, false, start + 4s, 1s);
  EXPECT_EQ(coverage.rising_to, 2U);
  EXPECT_TRUE(coverage.end.known()) << "since then they waited for three, and now for two";
  settle(coverage);
  EXPECT_EQ(coverage.acks, 2U);
  judge(coverage, 3, false, start + 5s, 1s);
  EXPECT_EQ(coverage.acks, 2U) << "as before, until more is known";
  EXPECT_FALSE(coverage.end.known());
  judge(coverage, 1, false, start + 6s, 1s);
  EXPECT_EQ(coverage.acks, 1U);
  EXPECT_EQ(coverage.rising_to, 0U);
}

}  // namespace
}  // namespace relevo::decide
