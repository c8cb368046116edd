// Verdicts on a real MariaDB cluster whose primary is killed, frozen, or cut off
// from us alone: what its replicas' receivers can testify.
#include <gtest/gtest.h>

#include "tests/integration/topology/mariadb_fixture.hpp"
#include "tests/integration/topology/monitor.hpp"
#include "tests/support/tcp_gate.hpp"

namespace relevo::testing {
namespace {

using model::ReceiverState;
using model::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MariadbVerdictTest : public SharedMariadb {
 protected:
  void watch(std::vector<std::uint16_t> ports = {}) {
    monitor_.emplace(mariadb_targets(cluster(), std::move(ports)));
    ASSERT_TRUE(monitor_->await([&] {
      return monitor_->latest(1) && monitor_->latest(2) && monitor_->all_healthy() &&
             monitor_->latest(1)->status.receiver == ReceiverState::streaming &&
             monitor_->latest(2)->status.receiver == ReceiverState::streaming;
    }));
  }
  // How long until it is judged so with enough evidence to act on.
  milliseconds time_until(Verdict verdict) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(monitor_->await([&] {
      const detect::Assessment now = monitor_->assess(0);
      return now.verdict == verdict && now.conclusive;
    })) << monitor_->assess(0).reason;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  }

  std::optional<Monitor> monitor_;
};

TEST_F(MariadbVerdictTest, OfAKilledPrimaryIsDead) {
  watch();
  cluster().kill(0);
  const auto took = time_until(Verdict::dead);
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  EXPECT_LT(took, seconds(10));
  cluster().start(0);
  cluster().sql(0, "SET GLOBAL read_only = OFF");
  EXPECT_TRUE(monitor_->await([&] { return monitor_->all_healthy(); }));
}

TEST_F(MariadbVerdictTest, OfAFrozenPrimaryIsHung) {
  watch();
  cluster().freeze(0);
  const auto took = time_until(Verdict::hung);
  RecordProperty("milliseconds", static_cast<int>(took.count()));
  EXPECT_GT(took, milliseconds(900));
  cluster().thaw(0);
  EXPECT_TRUE(monitor_->await([&] { return monitor_->all_healthy(); }));
}

TEST_F(MariadbVerdictTest, OfAPrimaryThatOnlyWeCannotReachIsUnreachable) {
  TcpGate gate(cluster().port(0));
  watch({gate.port()});
  gate.set(TcpGate::Mode::silent);
  ASSERT_TRUE(monitor_->await([&] { return monitor_->assess(0).verdict == Verdict::unreachable; }));
  // Its replicas go on hearing it, however long.
  const auto until = std::chrono::steady_clock::now() + seconds(5);
  while (std::chrono::steady_clock::now() < until) {
    monitor_->run_for(milliseconds(50));
    ASSERT_FALSE(monitor_->assess(0).conclusive) << monitor_->assess(0).reason;
  }
  EXPECT_NE(monitor_->assess(0).reason.find("2 of 2 replicas hear it"), std::string::npos)
      << monitor_->assess(0).reason;
}

TEST_F(MariadbVerdictTest, OfAnOrderlyStopIsDeadOnceTheGraceIsOver) {
  watch();
  cluster().stop(0);
  time_until(Verdict::dead);
  cluster().start(0);
  cluster().sql(0, "SET GLOBAL read_only = OFF");
  EXPECT_TRUE(monitor_->await([&] { return monitor_->all_healthy(); }));
}

}  // namespace
}  // namespace relevo::testing
