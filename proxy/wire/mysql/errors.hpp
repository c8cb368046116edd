// The errors that we answer with or look for, by the servers' own numbers and
// SQLSTATEs.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
#pragma once

#include <cstdint>
#include <string_view>

namespace relevo::wire::mysql {

struct ErrorCode {
  std::uint16_t number = 0;
  std::string_view sqlstate;  // five characters
};

namespace errors {
inline constexpr ErrorCode too_many_connections{1040, "08004"};
inline constexpr ErrorCode handshake{1043, "08S01"};
inline constexpr ErrorCode access_denied_db{1044, "42000"};
inline constexpr ErrorCode access_denied{1045, "28000"};
inline constexpr ErrorCode no_db{1046, "3D000"};
inline constexpr ErrorCode unknown_command{1047, "08S01"};
inline constexpr ErrorCode bad_db{1049, "42000"};
inline constexpr ErrorCode server_shutdown{1053, "08S01"};
inline constexpr ErrorCode syntax{1064, "42000"};
inline constexpr ErrorCode no_such_thread{1094, "HY000"};
inline constexpr ErrorCode unknown{1105, "HY000"};
inline constexpr ErrorCode packet_too_large{1153, "08S01"};
inline constexpr ErrorCode packets_out_of_order{1156, "08S01"};
inline constexpr ErrorCode net_read_interrupted{1159, "08S01"};
inline constexpr ErrorCode error_during_commit{1180, "HY000"};
// With this state a client knows that the outcome of its COMMIT is not known.
inline constexpr ErrorCode commit_outcome_unknown{1180, "08007"};
inline constexpr ErrorCode lock_wait_timeout{1205, "HY000"};
inline constexpr ErrorCode deadlock{1213, "40001"};  // rolled back as a whole: try again
inline constexpr ErrorCode wrong_value_for_variable{1231, "42000"};
inline constexpr ErrorCode not_supported_yet{1235, "42000"};
inline constexpr ErrorCode unknown_statement{1243, "HY000"};
inline constexpr ErrorCode not_supported_auth_mode{1251, "08004"};
inline constexpr ErrorCode option_prevents_statement{1290, "HY000"};  // read_only
inline constexpr ErrorCode unsupported_prepare{1295, "HY000"};
inline constexpr ErrorCode query_interrupted{1317, "70100"};
inline constexpr ErrorCode too_many_prepared_statements{1461, "42000"};
inline constexpr ErrorCode read_only_transaction{1792, "25006"};
inline constexpr ErrorCode malformed_packet{1835, "HY000"};
inline constexpr ErrorCode malformed_protocol{1835, "08S01"};  // and the connection ends
inline constexpr ErrorCode read_only_mode{1836, "HY000"};
inline constexpr ErrorCode connection_killed{1927, "70100"};  // MariaDB
inline constexpr ErrorCode secure_transport_required{3159, "HY000"};
inline constexpr ErrorCode client_interaction_timeout{4031, "HY000"};  // MySQL: idle too long
}  // namespace errors

}  // namespace relevo::wire::mysql
