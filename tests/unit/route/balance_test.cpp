#include "proxy/route/balance.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace relevo::route {
namespace {

struct Fixture {
  model::View view;
  std::vector<model::NodeId> candidates;
  std::vector<std::uint32_t> outstanding;
  std::uint32_t round_robin = 0;

  explicit Fixture(const std::vector<unsigned>& weights) {
    for (const unsigned weight : weights) {
      model::NodeView node;
      node.weight = weight;
      candidates.push_back(static_cast<model::NodeId>(view.nodes.size()));
      view.nodes.push_back(node);
      outstanding.push_back(0);
    }
  }

  model::NodeId next(Balance how, std::string_view zone = {}) {
    return balance(how, view, zone, candidates, outstanding, round_robin);
  }

  // How often each node is chosen; with `pile_up`, nothing ever completes.
  std::vector<int> spread(Balance how, int rounds, bool pile_up) {
    std::vector<int> counts(view.nodes.size(), 0);
    for (int i = 0; i < rounds; ++i) {
      const auto node = next(how);
      ++counts[node];
      if (pile_up) ++outstanding[node];
    }
    return counts;
  }
};

TEST(Balance, LeastOutstandingTakesTheIdleOne) {
  Fixture f({100, 100, 100});
  f.outstanding = {5, 2, 9};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(f.next(Balance::least_outstanding), 1U);
}

TEST(Balance, EqualLoadsRotate) {
  Fixture f({100, 100, 100});
  EXPECT_EQ(f.spread(Balance::least_outstanding, 300, false), (std::vector{100, 100, 100}));
}

TEST(Balance, LoadIsRelativeToWeight) {
  Fixture f({200, 100});
  EXPECT_EQ(f.spread(Balance::least_outstanding, 300, true), (std::vector{200, 100}));
}

TEST(Balance, WeightZeroGetsNothingWhileAnotherHasOne) {
  Fixture f({0, 1});
  f.outstanding = {0, 1000};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(f.next(Balance::least_outstanding), 1U);
  EXPECT_EQ(f.spread(Balance::round_robin, 10, false), (std::vector{0, 10}));
  Fixture g({0, 0});
  EXPECT_EQ(g.spread(Balance::round_robin, 10, false), (std::vector{5, 5}));
  EXPECT_EQ(g.spread(Balance::least_outstanding, 10, false), (std::vector{5, 5}));
}

TEST(Balance, RoundRobinByWeight) {
  Fixture f({100, 50, 50});
  EXPECT_EQ(f.spread(Balance::round_robin, 400, false), (std::vector{200, 100, 100}));
  Fixture equal({100, 100});
  EXPECT_EQ(equal.next(Balance::round_robin), 0U);
  EXPECT_EQ(equal.next(Balance::round_robin), 1U);
  EXPECT_EQ(equal.next(Balance::round_robin), 0U);
}

TEST(Balance, RoundRobinIgnoresLoadAndSurvivesOverflow) {
  Fixture f({1, 1});
  f.outstanding = {1000, 0};
  f.round_robin = 0xFFFFFFFFU;
  EXPECT_EQ(f.spread(Balance::round_robin, 10, false), (std::vector{5, 5}));
}

TEST(Balance, NearestZoneFirstThenAnyone) {
  Fixture f({100, 100, 100});
  f.view.nodes[1].zone = f.view.nodes[2].zone = "b";
  f.outstanding = {0, 7, 9};
  EXPECT_EQ(f.next(Balance::nearest_zone, "b"), 1U);
  EXPECT_EQ(f.next(Balance::nearest_zone, "c"), 0U);
  EXPECT_EQ(f.next(Balance::nearest_zone, ""), 0U);
}

TEST(Balance, OneThatWarmsUpGetsItsShare) {
  Fixture f({100, 100});
  f.view.nodes[1].warmth_percent = 10;
  EXPECT_EQ(f.spread(Balance::least_outstanding, 110, true), (std::vector{100, 10}));
  EXPECT_EQ(f.spread(Balance::round_robin, 110, false), (std::vector{100, 10}));
}

TEST(Balance, OneThatIsSlowGetsLittle) {
  Fixture f({100, 100, 100});
  f.view.nodes[0].response_time = std::chrono::microseconds(300);
  f.view.nodes[1].response_time = std::chrono::microseconds(800);  // noise
  f.view.nodes[2].response_time = std::chrono::milliseconds(20);
  const auto idle = f.spread(Balance::least_outstanding, 300, false);
  EXPECT_EQ(idle[2], 0);
  EXPECT_GE(idle[1], 100);
  // Twenty times as slow: its turn comes when the others have twenty each.
  EXPECT_EQ(f.spread(Balance::least_outstanding, 41, true), (std::vector{20, 20, 1}));
}

TEST(Balance, SlowOnesAloneAreEqual) {
  Fixture f({100, 100, 100});
  f.view.nodes[1].response_time = f.view.nodes[2].response_time = std::chrono::milliseconds(20);
  f.candidates = {1, 2};
  EXPECT_EQ(f.spread(Balance::least_outstanding, 100, false), (std::vector{0, 50, 50}));
}

TEST(Balance, OneCandidate) {
  Fixture f({100, 0});
  f.candidates = {1};
  for (const Balance how :
       {Balance::least_outstanding, Balance::round_robin, Balance::nearest_zone}) {
    EXPECT_EQ(f.next(how, "z"), 1U);
  }
}

TEST(Balance, HugeLoadsDoNotOverflow) {
  Fixture f({4'000'000'000U, 1});
  f.outstanding = {4'000'000'000U, 4'000'000'000U};
  EXPECT_EQ(f.next(Balance::least_outstanding), 0U);
}

}  // namespace
}  // namespace relevo::route
