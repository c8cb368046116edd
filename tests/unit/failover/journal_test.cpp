// What is written is read back, and what is replayed decides the same.
#include "failover/journal/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "failover/journal/authority.hpp"
#include "failover/journal/codec.hpp"
#include "failover/journal/event_ring.hpp"
#include "failover/journal/narrate.hpp"
#include "tests/unit/failover/stage.hpp"

namespace relevo::journal {
namespace {

using namespace std::chrono_literals;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/relevo-journal-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_all(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A whole failover with noise in between, each step recorded.
void record_failover(Journal& journal, decide::Stage& stage, unsigned quiet_looks = 50) {
  const auto step = [&](const decide::Event& first) {
    decide::Event event = first;
    for (;;) {
      const auto decision = decide::step(stage.state, stage.policy, stage.now, event);
      ASSERT_TRUE(journal.record(stage.now, event, decision, stage.state));
      if (decision.rule == 0) return;
      event = decide::Tick{};
      for (const auto& action : decision.actions) {
        if (std::holds_alternative<decide::PublishView>(action.task)) {
          event = decide::ViewPublished{++stage.sequence};
        }
      }
    }
  };
  const auto look = [&] {
    for (auto& node : stage.seen) node.latest->sent = stage.now;
    step(decide::Observed{stage.seen});
  };
  const auto ok = [&](const std::string& kind) {
    for (const auto& pending : std::vector(stage.state.pending)) {
      if (pending.finished || name_of(pending.action.task) != kind) continue;
      decide::ActionFinished result;
      result.id = pending.action.id;
      result.outcome = decide::ActionOutcome::ok;
      result.status = stage.status(*node_of(pending.action.task));
      step(result);
    }
  };
  look();
  step(decide::LeaseGranted{});
  for (unsigned i = 0; i < quiet_looks; ++i) {
    stage.now += 100ms;
    stage.at(0, 1000 + i);
    look();
    step(decide::ViewApplied{{stage.sequence, stage.state.epoch, 0}});
  }
  stage.dead(0);
  look();
  step(decide::ViewApplied{{stage.sequence, stage.state.epoch, 0}});
  ok("FreezeReceiver");
  stage.primary(1, 2);
  ok("Promote");
  ASSERT_EQ(stage.state.primary, 1U);
}

TEST(Journal, ReplaysToTheSameDecisions) {
  Folder folder;
  decide::Stage stage;
  {
    auto journal = Journal::open(folder.file("j"), 1 << 20, stage.policy, stage.state);
    ASSERT_TRUE(journal);
    record_failover(**journal, stage);
  }
  const auto replayed = replay(folder.file("j"));
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_EQ(replayed->mismatch, "");
  EXPECT_GE(replayed->decisions, 5U);
  EXPECT_LT(replayed->steps, 40U) << "quiet observations are left out";
}

TEST(Journal, ReplayNoticesAnotherDecision) {
  Folder folder;
  decide::Stage stage;
  {
    auto journal = Journal::open(folder.file("j"), 1 << 20, stage.policy, stage.state);
    record_failover(**journal, stage);
  }
  auto text = read_all(folder.file("j"));
  const auto at = text.find("\"rule\":203");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 10, "\"rule\":204");
  std::ofstream(folder.file("j")) << text;
  const auto replayed = replay(folder.file("j"));
  ASSERT_TRUE(replayed);
  EXPECT_NE(replayed->mismatch.find("recorded rule 204, decided now 203"), std::string::npos);
}

TEST(Journal, IsToldDecisionByDecision) {
  Folder folder;
  decide::Stage stage;
  {
    auto journal = Journal::open(folder.file("j"), 1 << 20, stage.policy, stage.state);
    record_failover(**journal, stage);
  }
  auto text = read_all(folder.file("j"));
  const auto told = [&] {
    std::ofstream(folder.file("j")) << text;
    Narrator narrator;
    std::string story;
    const auto done =
        replay(folder.file("j"), [&](const ReplayedStep& step) { story += narrator.tell(step); });
    EXPECT_TRUE(done);
    return std::pair(story, done ? done->differing : 0);
  };
  const auto [story, differing] = told();
  EXPECT_EQ(differing, 0U);
  for (const auto* part : {"db1: Dead, confirmed", "rule 203 failover-begins: The primary is dead",
                           "every worker has applied View", "asked for: FreezeReceiver db2",
                           "Promote db2 ended: ok", "said: db2 is the new primary of epoch 2"}) {
    EXPECT_NE(story.find(part), std::string::npos) << part << " is missing in\n" << story;
  }
  EXPECT_EQ(story.find("DIFFERS"), std::string::npos);

  text.replace(text.find("\"rule\":203"), 10, "\"rule\":204");
  const auto [changed, differs] = told();
  EXPECT_EQ(differs, 1U);
  EXPECT_NE(changed.find("DIFFERS: recorded was rule 204 primary-stepped-down"), std::string::npos);
}

TEST(Journal, TornLastLineIsIgnoredDamageIsNot) {
  Folder folder;
  decide::Stage stage;
  {
    auto journal = Journal::open(folder.file("j"), 1 << 20, stage.policy, stage.state);
    record_failover(**journal, stage);
  }
  const auto whole = read_all(folder.file("j"));
  std::ofstream(folder.file("torn")) << whole.substr(0, whole.size() - 20);
  EXPECT_TRUE(replay(folder.file("torn")));
  {
    // A restart after it: the torn line ends, a snapshot follows.
    auto journal = Journal::open(folder.file("torn"), 1 << 20, stage.policy, stage.state);
    ASSERT_TRUE(journal);
  }
  const auto restarted = replay(folder.file("torn"));
  EXPECT_TRUE(restarted) << restarted.error().message;

  auto damaged = whole;
  damaged[damaged.find("\"event\"")] = 'x';
  std::ofstream(folder.file("damaged")) << damaged;
  EXPECT_FALSE(replay(folder.file("damaged")));
  EXPECT_FALSE(replay(folder.file("absent")));
}

TEST(Journal, RotationBoundsItAndEachFileReplaysByItself) {
  Folder folder;
  decide::Stage first;
  constexpr std::uint64_t bytes_max = 40000;
  auto journal = Journal::open(folder.file("j"), bytes_max, first.policy, first.state);
  ASSERT_TRUE(journal);
  for (int i = 0; i < 6; ++i) {
    // Switch maintenance to and fro: each is recorded.
    for (int k = 0; k < 40; ++k) {
      decide::OperatorCommand command;
      command.kind =
          k % 2 == 0 ? decide::CommandKind::maintenance_on : decide::CommandKind::maintenance_off;
      command.node = 1;
      const decide::Event event = command;
      const auto decision = decide::step(first.state, first.policy, first.now, event);
      ASSERT_TRUE((*journal)->record(first.now, event, decision, first.state));
    }
    EXPECT_LT(std::filesystem::file_size(folder.file("j")), bytes_max);
  }
  ASSERT_TRUE(std::filesystem::exists(folder.file("j.1")));
  for (const auto* name : {"j", "j.1"}) {
    const auto replayed = replay(folder.file(name));
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_EQ(replayed->mismatch, "");
  }
}

TEST(Journal, SnapshotReadsBackEqual) {
  decide::Stage stage;
  stage.failed_over();
  const Snapshot snapshot{stage.policy, stage.state};
  const auto text = encode(snapshot);
  const auto line = decode(text);
  ASSERT_TRUE(line && line->snapshot) << (line ? "" : line.error().message);
  EXPECT_EQ(encode(*line->snapshot), text);
}

TEST(Authority, IsReadBackAndNeverGuessed) {
  Folder folder;
  const AuthorityFile file(folder.file("a"));
  const auto none = file.load();
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  Authority authority;
  authority.epoch = 12;
  authority.primary = "db2";
  authority.former_primaries = {"db1"};
  authority.candidate = "db3";
  authority.in_doubt = {"db2"};
  authority.started_us = {{"db2", 1'700'000'000'000'000}};
  authority.restarted = {"db2"};
  authority.diverged = {"db4"};
  ASSERT_TRUE(file.store(authority));
  EXPECT_EQ(*file.load(), authority);
  authority.promise = {.acks = 2, .acknowledging = 3, .lapses_after = {}, .text = "as they say"};
  authority.covered_acks = 2;
  ASSERT_TRUE(file.store(authority));
  EXPECT_EQ(*file.load(), authority);
  authority.promise->lapses_after = std::chrono::seconds(10);
  ASSERT_TRUE(file.store(authority));
  EXPECT_EQ(*file.load(), authority);
  // As an older Relevo wrote it.
  std::ofstream(folder.file("a")) << R"({"epoch": 3, "primary": "db1", "timeline": 2,
      "soft_fenced": "", "death_confirmed": false, "former_primaries": [], "needs_repoint": [],
      "maintenance": []})";
  const auto old = file.load();
  ASSERT_TRUE(old && *old);
  EXPECT_EQ((*old)->epoch, 3U);
  EXPECT_EQ((*old)->candidate, "");
  std::ofstream(folder.file("a")) << "{\"epoch\": 1";
  EXPECT_FALSE(file.load());
  EXPECT_FALSE(AuthorityFile("/nonexistent/a").store(authority));
}

TEST(EventRing, IsBoundedAndIdsGrow) {
  EventRing ring(3);
  for (int i = 0; i < 5; ++i) ring.add({});
  const auto kept = ring.since(0);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept.front().id, 3U);
  EXPECT_EQ(ring.since(4).size(), 1U);
}

}  // namespace
}  // namespace relevo::journal
