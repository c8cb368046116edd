// Every way to fail has one outcome, and only the host's own word is a refusal.
#include "topology/probe/outcome.hpp"

#include <gtest/gtest.h>

namespace relevo::probe {
namespace {

using client::Failure;
using client::FailureKind;
using model::ProbeOutcome;

TEST(Outcome, OfEachFailure) {
  struct Case {
    Failure failure;
    ProbeOutcome outcome;
  };
  const FailureKind said = FailureKind::server_error;
  for (const Case& test : {
           Case{{FailureKind::refused, "", ""}, ProbeOutcome::refused},
           Case{{FailureKind::unreachable, "", ""}, ProbeOutcome::unreachable},
           Case{{FailureKind::timeout, "", ""}, ProbeOutcome::timeout},
           Case{{FailureKind::reset, "", ""}, ProbeOutcome::reset},
           Case{{said, "57P01", ""}, ProbeOutcome::starting_up},
           Case{{said, "57P02", ""}, ProbeOutcome::starting_up},
           Case{{said, "57P03", ""}, ProbeOutcome::starting_up},
           Case{{said, "53300", ""}, ProbeOutcome::too_many_connections},
           Case{{said, "28P01", ""}, ProbeOutcome::auth_failed},
           Case{{said, "28000", ""}, ProbeOutcome::auth_failed},
           Case{{said, "3D000", ""}, ProbeOutcome::auth_failed},
           Case{{said, "53100", ""}, ProbeOutcome::error},
           Case{{said, "57014", ""}, ProbeOutcome::error},
           Case{{said, "", "server does not support SSL"}, ProbeOutcome::error},
       }) {
    EXPECT_EQ(outcome_of(test.failure), test.outcome) << test.failure.sqlstate;
  }
}

}  // namespace
}  // namespace relevo::probe
