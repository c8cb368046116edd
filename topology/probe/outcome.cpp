#include "topology/probe/outcome.hpp"

#include <string_view>

namespace relevo::probe {

using model::ProbeOutcome;

// https://www.postgresql.org/docs/current/errcodes-appendix.html
ProbeOutcome outcome_of(const client::Failure& failure) {
  const std::string_view sqlstate = failure.sqlstate;
  // 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now
  if (sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03") {
    return ProbeOutcome::starting_up;
  }
  if (sqlstate == "53300") return ProbeOutcome::too_many_connections;
  if (sqlstate.starts_with("28") || sqlstate == "3D000") return ProbeOutcome::auth_failed;
  switch (failure.kind) {
    case client::FailureKind::refused:
      return ProbeOutcome::refused;
    case client::FailureKind::unreachable:
      return ProbeOutcome::unreachable;
    case client::FailureKind::timeout:
      return ProbeOutcome::timeout;
    case client::FailureKind::reset:
      return ProbeOutcome::reset;
    case client::FailureKind::server_error:
      return ProbeOutcome::error;
  }
  return ProbeOutcome::error;
}

}  // namespace relevo::probe
