#include "topology/probe/mysql_status.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/probe/mysql_counters.hpp"
#include "topology/probe/named_row.hpp"

namespace relevo::probe {
namespace {

using client::Failure;
using client::Rows;
using model::Flavor;
using model::GtidSet;
using model::MariadbGtid;
using model::MariadbLogState;
using model::Position;
using model::ReceiverState;
using model::Role;

constexpr std::array after_identity{Part::variables, Part::replica, Part::receiver, Part::counters,
                                    Part::downstreams};

unsigned bit(Part part) { return 1U << static_cast<unsigned>(part); }

bool is_denied(const Failure& failure) {
  switch (failure.server_errno) {
    case 1044:  // ER_DBACCESS_DENIED_ERROR
    case 1142:  // ER_TABLEACCESS_DENIED_ERROR
    case 1143:  // ER_COLUMNACCESS_DENIED_ERROR
    case 1227:  // ER_SPECIFIC_ACCESS_DENIED_ERROR
      return true;
    default:
      return false;
  }
}

bool is_unknown_to_version(const Failure& failure) {
  return failure.server_errno == 1193 ||  // ER_UNKNOWN_SYSTEM_VARIABLE
         failure.server_errno == 1064;    // ER_PARSE_ERROR
}

ReceiverState receiver_state(std::string_view running) {
  if (running == "Yes") return ReceiverState::streaming;
  if (running == "Connecting" || running == "Preparing") return ReceiverState::connecting;
  return ReceiverState::none;
}

// "1236: Got fatal error ...", "" when there is none.
std::string error_words(const NamedRow& row, NamedRow::Names number, NamedRow::Names words) {
  const auto code = row.number(number).value_or(0);
  if (code == 0) return "";
  return std::to_string(code) + ": " + row.text(words).value_or("");
}

std::string host_part(const std::string& host_and_port) {
  return host_and_port.substr(0, host_and_port.rfind(':'));
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  constexpr double day_s = 86'400;
  return std::chrono::milliseconds(std::llround(std::min(seconds, day_s) * 1000));
}

class MysqlTalk final : public StatusTalk {
 public:
  explicit MysqlTalk(StatusMemory& memory) : memory_(memory) {}

  std::optional<std::string> next() override;
  client::Outcome<void> take(const client::Outcome<Rows>& answer, model::Instant now) override;
  Result<model::NodeStatus> finish() override;

 private:
  std::optional<Part> next_part() const;
  bool is_needed(Part part) const;
  void read(Part part, const Rows& rows, model::Instant now);
  void read_identity(const Rows& rows);
  void read_variables(const Rows& rows);
  void read_replica(const Rows& rows);
  void read_heartbeats(const Rows& rows);
  void take_counters(const Rows& rows, model::Instant now);
  void read_downstreams(const Rows& rows);
  void note_receiver(model::Instant now);
  void note_start(std::int64_t uptime_s, model::Instant now);

  Position gtid_set(const NamedRow& row, NamedRow::Names names);
  Position mariadb_gtid(const NamedRow& row, NamedRow::Names names);
  void add_logged(const NamedRow& row, NamedRow::Names names);
  void warn(std::string_view text);
  void complain(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
  }

  StatusMemory& memory_;
  model::NodeStatus status_;
  Part asked_ = Part::identity;
  unsigned done_ = 0;
  bool reidentified_ = false;
  bool has_upstream_ = false;
  std::string channel_;  // of the upstream
  std::string receiver_mark_;
  double now_s_ = 0;  // the server's clock
  Position slave_pos_, current_pos_, binlog_pos_;
  std::string complaint_;
};

// ---- The course of the talk ----------------------------------------------------

bool MysqlTalk::is_needed(Part part) const {
  if ((memory_.denied & bit(part)) != 0) return false;
  // MariaDB tells it with the replica's row; who replicates nothing has none.
  if (part == Part::receiver) return memory_.flavor == Flavor::mysql && has_upstream_;
  return true;
}

std::optional<Part> MysqlTalk::next_part() const {
  if (memory_.version.empty()) return Part::identity;
  for (const Part part : after_identity) {
    if ((done_ & bit(part)) == 0 && is_needed(part)) return part;
  }
  return std::nullopt;
}

std::optional<std::string> MysqlTalk::next() {
  if (!complaint_.empty()) return std::nullopt;
  const auto part = next_part();
  if (!part) return std::nullopt;
  asked_ = *part;
  return statement_for(asked_, memory_.flavor, version_number(memory_.version));
}

client::Outcome<void> MysqlTalk::take(const client::Outcome<Rows>& answer, model::Instant now) {
  done_ |= bit(asked_);
  if (answer) {
    read(asked_, *answer, now);
    return {};
  }
  const Failure& failure = answer.error();
  if (asked_ != Part::identity && asked_ != Part::variables && is_denied(failure)) {
    memory_.denied |= bit(asked_);
    return {};
  }
  // Another server than it was: updated, or replaced. Once more, from the start.
  if (asked_ != Part::identity && is_unknown_to_version(failure) && !reidentified_) {
    memory_.version.clear();
    status_ = {};
    done_ = 0;
    reidentified_ = true;
    return {};
  }
  return tl::make_unexpected(failure);
}

void MysqlTalk::read(Part part, const Rows& rows, model::Instant now) {
  switch (part) {
    case Part::identity:
      return read_identity(rows);
    case Part::variables:
      return read_variables(rows);
    case Part::replica:
      read_replica(rows);
      if (memory_.flavor == Flavor::mariadb) note_receiver(now);
      return;
    case Part::receiver:
      read_heartbeats(rows);
      return note_receiver(now);
    case Part::counters:
      return take_counters(rows, now);
    case Part::downstreams:
      return read_downstreams(rows);
  }
}

Result<model::NodeStatus> MysqlTalk::finish() {
  if (!complaint_.empty()) return fail("protocol", complaint_);
  status_.flavor = memory_.flavor;
  status_.version = plain_version(memory_.version);
  for (const Part part : after_identity) {
    if ((memory_.denied & bit(part)) != 0) warn(grant_for(part, memory_.flavor));
  }
  if ((memory_.denied & bit(Part::replica)) != 0) status_.role = Role::unknown;

  if (memory_.flavor == Flavor::mariadb) {
    if (status_.role == Role::primary) {
      status_.position = current_pos_;
      status_.position.add(binlog_pos_);
    } else if (!status_.position.known()) {
      status_.position = slave_pos_;
    }
  }
  status_.received.add(status_.position);
  if (status_.role == Role::replica && !status_.auto_position) {
    warn(memory_.flavor == Flavor::mariadb
             ? "follows by file and offset: CHANGE MASTER TO MASTER_USE_GTID = slave_pos"
             : "follows by file and offset: CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1");
  }
  return std::move(status_);
}

// ---- Reading ---------------------------------------------------------------------

void MysqlTalk::read_identity(const Rows& rows) {
  if (rows.rows.empty()) return complain("the server told no version");
  const NamedRow row(rows, 0);
  const std::string version = row.text({"version"}).value_or("");
  if (version_number(version) == 0) return complain("the server told no version");
  memory_.version = version;
  memory_.flavor = flavor_of(version, row.text({"comment"}).value_or(""));
}

void MysqlTalk::read_variables(const Rows& rows) {
  if (rows.rows.empty()) return complain("the status query brought no row");
  const NamedRow row(rows, 0);
  if (row.text({"version"}) != memory_.version) {
    // The same connection, another server: something between us and it. From anew.
    memory_.version.clear();
    return complain("the server changed its version in the middle of a talk");
  }
  const auto server_id = row.number({"server_id"});
  if (!server_id || !row.has({"read_only"})) return complain("the status has no server_id");
  status_.server_id = static_cast<std::uint32_t>(*server_id);
  status_.server_uuid = row.text({"server_uuid"}).value_or("");
  now_s_ = row.real({"now_s"}).value_or(0);
  status_.super_read_only = row.truth({"super_read_only"});
  // 0 or 1; a word for how strictly from MariaDB 12 on. The word of MySQL's
  // super_read_only counts for nothing without it.
  const std::string read_only = row.text({"read_only"}).value_or("0");
  status_.read_only = read_only != "0" && read_only != "OFF";
  status_.log_bin = row.truth({"log_bin"});
  status_.log_replica_updates = row.truth({"log_replica_updates"});
  if (memory_.flavor == Flavor::mariadb) {
    slave_pos_ = mariadb_gtid(row, {"slave_pos"});
    current_pos_ = mariadb_gtid(row, {"current_pos"});
    binlog_pos_ = mariadb_gtid(row, {"binlog_pos"});
    add_logged(row, {"binlog_state"});
    add_logged(row, {"slave_pos"});
  } else {
    status_.gtid_mode = row.text({"gtid_mode"}) == "ON";
    status_.position = gtid_set(row, {"gtid_executed"});
    status_.purged = gtid_set(row, {"gtid_purged"});
  }
}

// Of several upstreams the unnamed one counts, else the first.
void MysqlTalk::read_replica(const Rows& rows) {
  status_.role = Role::primary;
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    if (row.text({"Source_Host", "Master_Host"}).value_or("").empty()) continue;
    const std::string name = row.text({"Connection_name", "Channel_Name"}).value_or("");
    if (name.starts_with("group_replication_")) continue;  // not a stream that we manage
    if (!chosen || name.empty()) chosen = i;
  }
  if (!chosen) return;

  const NamedRow row(rows, *chosen);
  has_upstream_ = true;
  status_.role = Role::replica;
  channel_ = row.text({"Connection_name", "Channel_Name"}).value_or("");
  status_.upstream_host = row.text({"Source_Host", "Master_Host"}).value_or("");
  const auto port = row.number({"Source_Port", "Master_Port"}).value_or(0);
  status_.upstream_port = port <= UINT16_MAX ? static_cast<std::uint16_t>(port) : 0;
  const auto receiver = row.text({"Replica_IO_Running", "Slave_IO_Running"});
  const auto applier = row.text({"Replica_SQL_Running", "Slave_SQL_Running"});
  if (!receiver || !applier) return complain("the replica's status has no state of its threads");
  status_.receiver = receiver_state(*receiver);
  status_.applier_running = *applier == "Yes";
  status_.replay_paused = !status_.applier_running;
  status_.receiver_error = error_words(row, {"Last_IO_Errno"}, {"Last_IO_Error"});
  status_.applier_error = error_words(row, {"Last_SQL_Errno"}, {"Last_SQL_Error"});

  if (memory_.flavor == Flavor::mariadb) {
    const std::string by = row.text({"Using_Gtid"}).value_or("No");
    status_.auto_position = by == "Slave_Pos" || by == "Current_Pos";
    status_.position = by == "Current_Pos" ? current_pos_ : slave_pos_;
    if (status_.auto_position) status_.received = mariadb_gtid(row, {"Gtid_IO_Pos"});
    add_logged(row, {"Gtid_IO_Pos"});
    if (const auto period = row.real({"Slave_heartbeat_period"})) {
      status_.receiver_timeout = 2 * milliseconds_of(*period);
    }
  } else {
    status_.auto_position = row.truth({"Auto_Position"});
    status_.received = gtid_set(row, {"Retrieved_Gtid_Set"});
  }
  receiver_mark_ = row.text({"Source_Log_File", "Master_Log_File"}).value_or("") + ":" +
                   row.text({"Read_Source_Log_Pos", "Read_Master_Log_Pos"}).value_or("") + " " +
                   row.text({"Slave_received_heartbeats"}).value_or("");
}

void MysqlTalk::read_heartbeats(const Rows& rows) {
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    if (row.text({"channel"}).value_or("") != channel_) continue;
    receiver_mark_ += row.text({"heartbeats"}).value_or("");
    if (const auto period = row.real({"heartbeat_period"})) {
      status_.receiver_timeout = 2 * milliseconds_of(*period);
    }
  }
}

// A server that tells no heartbeat period tells nothing by its silence either.
void MysqlTalk::note_receiver(model::Instant now) {
  if (!has_upstream_) return;
  const std::string mark =
      status_.upstream_host + ":" + std::to_string(status_.upstream_port) + " " + receiver_mark_;
  if (mark != memory_.receiver_mark || status_.receiver != ReceiverState::streaming) {
    memory_.receiver_mark = mark;
    memory_.receiver_heard = now;
  }
  if (status_.receiver == ReceiverState::streaming && status_.receiver_timeout) {
    status_.receiver_silence = std::max(now - memory_.receiver_heard, model::Duration::zero());
  }
}

void MysqlTalk::take_counters(const Rows& rows, model::Instant now) {
  const Counters counters = read_counters(rows);
  status_.semi_sync = counters.semi_sync;
  if (counters.uptime_s) note_start(*counters.uptime_s, now);
}

// An uptime that went on as our own clock did is that of the same start, whatever
// the server's clock says meanwhile.
void MysqlTalk::note_start(std::int64_t uptime_s, model::Instant now) {
  constexpr std::int64_t tolerance_s = 2;
  const auto passed_s =
      std::chrono::duration_cast<std::chrono::seconds>(now - memory_.uptime_at).count();
  const std::int64_t drift = uptime_s - memory_.uptime_s - passed_s;
  const bool same = memory_.start_time_us != 0 && uptime_s >= memory_.uptime_s &&
                    drift >= -tolerance_s && drift <= tolerance_s;
  if (!same) {
    memory_.start_time_us = (std::llround(now_s_) - uptime_s) * 1'000'000;
  }
  memory_.uptime_s = uptime_s;
  memory_.uptime_at = now;
  status_.start_time_us = memory_.start_time_us;
}

void MysqlTalk::read_downstreams(const Rows& rows) {
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    status_.downstreams.push_back({row.text({"user"}).value_or(""),
                                   host_part(row.text({"host"}).value_or("")),
                                   row.text({"state"}).value_or(""), ""});
  }
}

// ---- Values ------------------------------------------------------------------------

Position MysqlTalk::gtid_set(const NamedRow& row, NamedRow::Names names) {
  const auto text = row.text(names);
  auto parsed = text ? GtidSet::parse(*text) : std::nullopt;
  if (parsed) return Position{std::move(*parsed)};
  complain("the status has no valid " + std::string(*names.begin()));
  return {};
}

Position MysqlTalk::mariadb_gtid(const NamedRow& row, NamedRow::Names names) {
  const auto text = row.text(names);
  auto parsed = text ? MariadbGtid::parse(*text) : std::nullopt;
  if (parsed) return Position{std::move(*parsed)};
  complain("the status has no valid " + std::string(*names.begin()));
  return {};
}

void MysqlTalk::add_logged(const NamedRow& row, NamedRow::Names names) {
  const auto text = row.text(names);
  const auto parsed = text ? MariadbLogState::parse(*text) : std::nullopt;
  if (!parsed) return complain("the status has no valid " + std::string(*names.begin()));
  if (!status_.logged) status_.logged.emplace();
  status_.logged->add(*parsed);
}

void MysqlTalk::warn(std::string_view text) {
  if (text.empty()) return;
  if (!status_.warning.empty()) status_.warning += "; ";
  status_.warning += text;
}

}  // namespace

std::unique_ptr<StatusTalk> begin_mysql_status(StatusMemory& memory) {
  return std::make_unique<MysqlTalk>(memory);
}

}  // namespace relevo::probe
