#include "topology/probe/status_query.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace relevo::probe {
namespace {

using model::Lsn;
using model::Position;
using model::ReceiverState;
using model::Role;

// The primary's positions are read before everything else and the flushed one
// first, so that it is never past the inserted one. A replica's positions are
// read after its receiver's state: what the receiver says is never newer.
// pg_control_checkpoint() shows the old timeline for a while after a promotion,
// so a primary's is taken from the name of the file that it writes to.
#define RELEVO_STATUS_QUERY(SYSTEM_IDENTIFIER, CHECKPOINT_TIMELINE)                             \
  "WITH role AS MATERIALIZED (SELECT pg_is_in_recovery() AS replica),"                          \
  " node AS MATERIALIZED (SELECT replica,"                                                      \
  "  CASE WHEN NOT replica THEN pg_current_wal_flush_lsn() END AS flushed,"                     \
  "  CASE WHEN NOT replica THEN pg_current_wal_insert_lsn() END AS inserted,"                   \
  "  CASE WHEN replica THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused,"         \
  "  CASE WHEN NOT replica THEN substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END" \
  "   AS written_timeline,"                                                                     \
  "  " CHECKPOINT_TIMELINE                                                                      \
  " AS checkpoint_timeline,"                                                                    \
  "  " SYSTEM_IDENTIFIER                                                                        \
  " AS system_identifier,"                                                                      \
  "  current_setting('server_version') AS version,"                                             \
  "  pg_size_bytes(current_setting('wal_segment_size')) AS segment_bytes,"                      \
  "  current_setting('default_transaction_read_only') AS read_only,"                            \
  "  current_setting('synchronous_standby_names') AS synchronous_standbys,"                     \
  "  current_setting('synchronous_commit') AS synchronous_commit,"                              \
  "  (extract(epoch FROM current_setting('wal_receiver_timeout')::interval) * 1000)::bigint"    \
  "   AS receiver_timeout_ms,"                                                                  \
  "  (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS start_time_us"       \
  " FROM role),"                                                                                \
  " receiver AS MATERIALIZED (SELECT pid, status, received_tli, sender_host, sender_port,"      \
  "  (extract(epoch FROM clock_timestamp() - last_msg_receipt_time) * 1000000)::bigint"         \
  "   AS silence_us FROM pg_stat_wal_receiver)"                                                 \
  " SELECT node.*, receiver.pid AS receiver_pid, receiver.status AS receiver_status,"           \
  "  receiver.received_tli, receiver.sender_host, receiver.sender_port, receiver.silence_us,"   \
  "  CASE WHEN replica THEN pg_last_wal_replay_lsn() END AS replayed,"                          \
  "  CASE WHEN replica THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) END"  \
  "   AS received,"                                                                             \
  "  down.pid AS down_pid, down.application_name AS down_name,"                                 \
  "  host(down.client_addr) AS down_address, down.state AS down_state,"                         \
  "  down.sync_state AS down_sync"                                                              \
  " FROM node LEFT JOIN receiver ON true LEFT JOIN pg_stat_replication AS down ON true"

constexpr std::string_view full_query = RELEVO_STATUS_QUERY(
    "(SELECT system_identifier FROM pg_control_system())",
    "CASE WHEN replica THEN (SELECT timeline_id FROM pg_control_checkpoint()) END");
constexpr std::string_view reduced_query = RELEVO_STATUS_QUERY("NULL::bigint", "NULL::integer");
#undef RELEVO_STATUS_QUERY

constexpr const char* grant_words =
    "the details of replication are hidden from the monitor's user: GRANT pg_monitor to it";

// One row by column name. A column that the query does not have, or a value that
// is not of its type, makes the whole answer invalid.
class Reader {
 public:
  Reader(const client::Rows& rows, std::size_t row) : rows_(rows), row_(row) {}

  std::optional<std::string> text(std::string_view column) {
    const auto& columns = rows_.columns;
    const auto found = std::find(columns.begin(), columns.end(), column);
    const auto index = static_cast<std::size_t>(found - columns.begin());
    if (found == columns.end() || index >= rows_.rows[row_].size()) {
      complain(column);
      return std::nullopt;
    }
    return rows_.rows[row_][index];
  }

  template <typename Integer>
  std::optional<Integer> number(std::string_view column, int base = 10) {
    const auto value = text(column);
    if (!value) return std::nullopt;
    Integer result{};
    const char* const end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, result, base);
    if (error != std::errc{} || stop != end) {
      complain(column);
      return std::nullopt;
    }
    return result;
  }

  std::optional<bool> truth(std::string_view column, std::string_view yes, std::string_view no) {
    const auto value = text(column);
    if (value == yes) return true;
    if (value == no) return false;
    complain(column);
    return std::nullopt;
  }

  Position position(std::string_view column, std::uint64_t segment_bytes) {
    const auto value = text(column);
    if (!value) return {};
    const auto lsn = Lsn::parse(*value);
    if (!lsn) {
      complain(column);
      return {};
    }
    return lsn->value == 0 ? Position{} : Position{lsn->normalized(segment_bytes)};
  }

  const std::string& complaint() const { return complaint_; }

 private:
  void complain(std::string_view column) {
    if (complaint_.empty()) {
      complaint_ = "the status query's answer has no valid " + std::string(column);
    }
  }

  const client::Rows& rows_;
  std::size_t row_;
  std::string complaint_;
};

// pg_stat_wal_receiver.status; "stopped" and "stopping" have nothing to say.
ReceiverState receiver_state(const std::string& status) {
  if (status == "streaming") return ReceiverState::streaming;
  if (status == "starting" || status == "connecting" || status == "restarting") {
    return ReceiverState::connecting;
  }
  if (status == "waiting") return ReceiverState::waiting;
  return ReceiverState::none;
}

void read_receiver(Reader& row, model::NodeStatus& status) {
  if (!row.number<std::int64_t>("receiver_pid")) return;
  const auto state = row.text("receiver_status");
  if (!state) {
    // A receiver runs, and more we may not see. Taken for streaming, it speaks
    // for its primary's life: the side on which an error is harmless.
    status.receiver = ReceiverState::streaming;
    status.warning = grant_words;
    return;
  }
  status.receiver = receiver_state(*state);
  status.upstream_host = row.text("sender_host").value_or("");
  status.upstream_port = row.number<std::uint16_t>("sender_port").value_or(0);
  if (const auto silence = row.number<std::int64_t>("silence_us")) {
    // By the replica's clock alone, which may have been set back.
    status.receiver_silence = std::chrono::microseconds(std::max<std::int64_t>(*silence, 0));
  }
}

void read_downstream(Reader& row, model::NodeStatus& status) {
  if (!row.number<std::int64_t>("down_pid")) return;
  const auto state = row.text("down_state");
  if (!state) status.warning = grant_words;
  status.downstreams.push_back({row.text("down_name").value_or(""),
                                row.text("down_address").value_or(""), state.value_or(""),
                                row.text("down_sync").value_or("")});
}

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

constexpr std::string_view insufficient_privilege = "42501";

class PostgresTalk final : public StatusTalk {
 public:
  explicit PostgresTalk(StatusMemory& memory) : memory_(memory) {}

  std::optional<std::string> next() override {
    if (status_) return std::nullopt;
    return std::string(status_query(scope()));
  }

  client::Outcome<void> take(const client::Outcome<client::Rows>& answer,
                             model::Instant /*now*/) override {
    if (answer) {
      status_ = read_status(*answer);
      return {};
    }
    if (answer.error().sqlstate != insufficient_privilege || memory_.denied != 0) {
      return tl::make_unexpected(answer.error());
    }
    memory_.denied = 1;
    return {};
  }

  Result<model::NodeStatus> finish() override {
    if (*status_ && memory_.denied != 0 && (*status_)->warning.empty()) {
      (*status_)->warning =
          "the control file is hidden from the monitor's user: GRANT EXECUTE ON FUNCTION "
          "pg_control_system, pg_control_checkpoint to it";
    }
    return std::move(*status_);
  }

 private:
  StatusScope scope() const {
    return memory_.denied == 0 ? StatusScope::full : StatusScope::without_control_file;
  }

  StatusMemory& memory_;
  std::optional<Result<model::NodeStatus>> status_;
};

}  // namespace

std::unique_ptr<StatusTalk> begin_postgres_status(StatusMemory& memory) {
  return std::make_unique<PostgresTalk>(memory);
}

std::string_view status_query(StatusScope scope) {
  return scope == StatusScope::full ? full_query : reduced_query;
}

Result<model::NodeStatus> read_status(const client::Rows& rows) {
  if (rows.rows.empty()) return fail("protocol", "the status query brought no row");
  Reader row(rows, 0);
  model::NodeStatus status;

  const bool replica = row.truth("replica", "t", "f").value_or(false);
  status.role = replica ? Role::replica : Role::primary;
  status.version = first_word(row.text("version").value_or(""));
  status.start_time_us = row.number<std::int64_t>("start_time_us").value_or(0);
  status.replay_paused = row.truth("replay_paused", "t", "f").value_or(false);
  status.synchronous_standbys = row.text("synchronous_standbys").value_or("");
  status.synchronous_commit = row.text("synchronous_commit").value_or("");
  // A signed bigint in SQL, an unsigned number in the control file.
  const auto identifier = row.number<std::int64_t>("system_identifier");
  status.system_identifier = static_cast<std::uint64_t>(identifier.value_or(0));

  const std::uint64_t segment_bytes = row.number<std::uint64_t>("segment_bytes").value_or(0);
  if (replica) {
    status.position = row.position("replayed", segment_bytes);
    status.received = row.position("received", segment_bytes);
    read_receiver(row, status);
    if (const auto timeout = row.number<std::int64_t>("receiver_timeout_ms")) {
      status.receiver_timeout = std::chrono::milliseconds(std::max<std::int64_t>(*timeout, 0));
    }
    const auto streamed = row.number<std::uint32_t>("received_tli");
    const auto checkpoint = row.number<std::uint32_t>("checkpoint_timeline");
    status.timeline = std::max(streamed.value_or(0), checkpoint.value_or(0));
  } else {
    status.position = row.position("inserted", segment_bytes);
    status.received = row.position("flushed", segment_bytes);
    status.timeline = row.number<std::uint32_t>("written_timeline", 16).value_or(0);
    status.read_only = row.truth("read_only", "on", "off").value_or(false);
  }
  read_downstream(row, status);
  if (!row.complaint().empty()) return fail("protocol", row.complaint());

  for (std::size_t index = 1; index < rows.rows.size(); ++index) {
    Reader next(rows, index);
    read_downstream(next, status);
    if (!next.complaint().empty()) return fail("protocol", next.complaint());
  }
  return status;
}

}  // namespace relevo::probe
