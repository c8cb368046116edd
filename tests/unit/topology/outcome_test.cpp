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
           // MySQL and MariaDB by number, whatever the SQLSTATE.
           Case{{said, "08004", "", 1040}, ProbeOutcome::too_many_connections},
           Case{{said, "42000", "", 1203}, ProbeOutcome::too_many_connections},
           Case{{said, "08S01", "", 1053}, ProbeOutcome::starting_up},
           Case{{said, "70100", "", 1927}, ProbeOutcome::starting_up},
           Case{{said, "28000", "", 1045}, ProbeOutcome::auth_failed},
           Case{{said, "42000", "", 1049}, ProbeOutcome::auth_failed},
           Case{{said, "HY000", "", 1130}, ProbeOutcome::auth_failed},
           Case{{said, "HY000", "", 1129}, ProbeOutcome::auth_failed},
           Case{{said, "HY000", "", 1193}, ProbeOutcome::error},
           Case{{said, "42000", "", 1227}, ProbeOutcome::error},
           Case{{said, "", "server does not support SSL"}, ProbeOutcome::error},
       }) {
    EXPECT_EQ(outcome_of(test.failure), test.outcome) << test.failure.sqlstate;
  }
}

}  // namespace
}  // namespace relevo::probe
