// Candidate choice and quorum proof, over every small world there is.
#include <gtest/gtest.h>

#include <algorithm>

#include "failover/decide/candidate.hpp"
#include "failover/decide/quorum.hpp"
#include "failover/decide/step.hpp"
#include "tests/unit/failover/stage.hpp"

namespace relevo::decide {
namespace {

// Every commit set of W among N ackers must meet every frozen set that is accepted,
// and no frozen set that all of them meet may be refused.
TEST(Quorum, ProofHoldsExactlyWhenEveryAckSetMeetsTheFrozen) {
  for (unsigned ackers = 1; ackers <= 6; ++ackers) {
    for (unsigned acks = 1; acks <= ackers; ++acks) {
      for (unsigned frozen = 0; frozen < 1U << ackers; ++frozen) {
        bool all_meet = true;
        for (unsigned set = 0; set < 1U << ackers; ++set) {
          if (static_cast<unsigned>(__builtin_popcount(set)) != acks) continue;
          all_meet = all_meet && (set & frozen) != 0;
        }
        const auto count = static_cast<unsigned>(__builtin_popcount(frozen));
        EXPECT_EQ(prove_quorum(ackers, acks, count).proven, all_meet)
            << ackers << " " << acks << " " << frozen;
      }
    }
  }
}

TEST(Quorum, ImpossibleAcksProveNothing) {
  EXPECT_FALSE(prove_quorum(2, 0, 2).proven);
  EXPECT_FALSE(prove_quorum(2, 3, 2).proven);
}

// Three nodes, each with a position, a priority and a tag: 18^3 worlds.
TEST(Candidate, FurthestEligibleInEveryWorldOfThree) {
  for (int world = 0; world < 18 * 18 * 18; ++world) {
    std::vector<Contender> contenders;
    for (int node = 0, rest = world; node < 3; ++node, rest /= 18) {
      const int kind = rest % 18;
      Contender contender;
      contender.node = static_cast<NodeId>(node);
      contender.received = contender.replayed =
          model::Position(model::Lsn{static_cast<std::uint64_t>(kind % 3) + 1});
      contender.priority = static_cast<unsigned>(kind / 3 % 3) + 1;
      if (kind / 9 == 1) contender.excluded = "tagged";
      contenders.push_back(contender);
    }
    const auto choice = choose_candidate(contenders, "a", std::nullopt);
    const Contender* chosen = choice.node ? &contenders[*choice.node] : nullptr;
    for (const auto& other : contenders) {
      if (!other.excluded.empty()) continue;
      ASSERT_NE(chosen, nullptr) << world;
      EXPECT_TRUE(chosen->received.covers(other.received)) << world;
      if (other.received == chosen->received) {
        EXPECT_GE(chosen->priority, other.priority) << world;
      }
    }
    if (chosen != nullptr) {
      EXPECT_EQ(chosen->excluded, "") << world;
    }
    // The order in which nodes are listed does not matter.
    std::reverse(contenders.begin(), contenders.end());
    EXPECT_EQ(choose_candidate(contenders, "a", std::nullopt).node, choice.node) << world;
  }
}

TEST(Candidate, TiesGoToZoneThenReplayedThenId) {
  const model::Position ten(model::Lsn{10}), nine(model::Lsn{9});
  std::vector<Contender> contenders(3);
  for (NodeId node = 0; node < 3; ++node) {
    contenders[node].node = node;
    contenders[node].received = ten;
    contenders[node].replayed = nine;
    contenders[node].zone = "b";
  }
  EXPECT_EQ(choose_candidate(contenders, "a", std::nullopt).node, 0U);
  contenders[1].replayed = ten;
  EXPECT_EQ(choose_candidate(contenders, "a", std::nullopt).node, 1U);
  contenders[2].zone = "a";
  EXPECT_EQ(choose_candidate(contenders, "a", std::nullopt).node, 2U);
}

TEST(Candidate, WantedNodeOrNone) {
  std::vector<Contender> contenders(2);
  contenders[0].received = model::Position(model::Lsn{20});
  contenders[1].node = 1;
  contenders[1].received = model::Position(model::Lsn{10});
  EXPECT_EQ(choose_candidate(contenders, "", 1).node, 1U);
  contenders[1].excluded = "it is in maintenance";
  EXPECT_EQ(choose_candidate(contenders, "", 1).node, std::nullopt);
  EXPECT_EQ(choose_candidate(contenders, "", 1).why_none, "it is in maintenance");
  EXPECT_EQ(choose_candidate(contenders, "", 5).node, std::nullopt);
}

TEST(RuleTable, NumbersAndNamesAreUniqueAndEachSaysWhy) {
  std::set<int> numbers;
  std::set<std::string_view> names;
  for (const auto& rule : rule_table()) {
    EXPECT_TRUE(numbers.insert(rule.number).second) << rule.number;
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_GT(rule.because.size(), 20U) << rule.number;
    EXPECT_EQ(rule.because.back(), '.') << rule.number;
  }
}

// After all tests of this program: no rule is left that none of them has reached.
class EveryRuleWasHit : public ::testing::Environment {
 public:
  void TearDown() override {
    if (::testing::GTEST_FLAG(filter) != "*") return;
    for (const auto& rule : rule_table()) {
      EXPECT_TRUE(fired_rules().contains(rule.number))
          << "no test fires rule " << rule.number << " " << rule.name;
    }
  }
};
const auto* const coverage = ::testing::AddGlobalTestEnvironment(new EveryRuleWasHit);

}  // namespace
}  // namespace relevo::decide
