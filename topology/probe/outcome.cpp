#include "topology/probe/outcome.hpp"

#include <optional>
#include <string_view>

namespace relevo::probe {

using model::ProbeOutcome;

namespace {

// MySQL's and MariaDB's numbers; their SQLSTATEs are too coarse to tell.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
// https://mariadb.com/kb/en/mariadb-error-code-reference/
std::optional<ProbeOutcome> outcome_of_errno(std::uint16_t number) {
  switch (number) {
    case 1040:  // ER_CON_COUNT_ERROR
    case 1203:  // ER_TOO_MANY_USER_CONNECTIONS
    case 1226:  // ER_USER_LIMIT_REACHED
      return ProbeOutcome::too_many_connections;
    case 1053:  // ER_SERVER_SHUTDOWN
    case 1927:  // MariaDB ER_CONNECTION_KILLED, what sessions are told in a shutdown
    case 3169:  // ER_SESSION_WAS_KILLED
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT
      return ProbeOutcome::starting_up;
    case 1044:  // ER_DBACCESS_DENIED_ERROR
    case 1045:  // ER_ACCESS_DENIED_ERROR
    case 1049:  // ER_BAD_DB_ERROR
    case 1129:  // ER_HOST_IS_BLOCKED
    case 1130:  // ER_HOST_NOT_PRIVILEGED
    case 1251:  // ER_NOT_SUPPORTED_AUTH_MODE
    case 1524:  // ER_PLUGIN_IS_NOT_LOADED, an account's way to log in
    case 1698:  // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 1820:  // ER_MUST_CHANGE_PASSWORD
    case 1862:  // ER_MUST_CHANGE_PASSWORD_LOGIN
    case 3032:  // ER_SERVER_OFFLINE_MODE
    case 3118:  // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 3159:  // ER_SECURE_TRANSPORT_REQUIRED
    case 4151:  // MariaDB ER_ACCOUNT_HAS_BEEN_LOCKED
      return ProbeOutcome::auth_failed;
    default:
      return std::nullopt;
  }
}

}  // namespace

// https://www.postgresql.org/docs/current/errcodes-appendix.html
ProbeOutcome outcome_of(const client::Failure& failure) {
  if (const auto known = outcome_of_errno(failure.server_errno)) return *known;
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
