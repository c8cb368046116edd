// Answers to the status query, good and bad, without a server.
#include "topology/probe/status_query.hpp"

#include <gtest/gtest.h>

#include <map>

namespace relevo::probe {
namespace {

using client::Rows;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;

using Values = std::map<std::string, std::optional<std::string>>;

Values primary_row() {
  return {{"replica", "f"},
          {"flushed", "0/5000100"},
          {"inserted", "0/5000148"},
          {"replay_paused", "f"},
          {"written_timeline", "0000001A"},
          {"checkpoint_timeline", std::nullopt},
          {"system_identifier", "7123456789012345678"},
          {"version", "15.20 (Debian 15.20-0+deb12u1)"},
          {"segment_bytes", "16777216"},
          {"read_only", "off"},
          {"synchronous_standbys", ""},
          {"synchronous_commit", "on"},
          {"receiver_timeout_ms", "60000"},
          {"start_time_us", "1700000000000000"},
          {"receiver_pid", std::nullopt},
          {"receiver_status", std::nullopt},
          {"received_tli", std::nullopt},
          {"sender_host", std::nullopt},
          {"sender_port", std::nullopt},
          {"silence_us", std::nullopt},
          {"replayed", std::nullopt},
          {"received", std::nullopt},
          {"down_pid", std::nullopt},
          {"down_name", std::nullopt},
          {"down_address", std::nullopt},
          {"down_state", std::nullopt},
          {"down_sync", std::nullopt}};
}

Values replica_row() {
  Values row = primary_row();
  for (const auto& [column, value] :
       std::map<std::string, std::string>{{"replica", "t"},
                                          {"receiver_pid", "42"},
                                          {"receiver_status", "streaming"},
                                          {"received_tli", "3"},
                                          {"checkpoint_timeline", "2"},
                                          {"sender_host", "10.0.0.1"},
                                          {"sender_port", "5432"},
                                          {"silence_us", "1500000"},
                                          {"replayed", "0/5000100"},
                                          {"received", "0/5000148"},
                                          {"receiver_timeout_ms", "4000"}}) {
    row[column] = value;
  }
  row["flushed"] = row["inserted"] = row["written_timeline"] = std::nullopt;
  return row;
}

Rows table(const std::vector<Values>& rows) {
  Rows result;
  for (const auto& [column, value] : rows.front()) result.columns.push_back(column);
  for (const Values& row : rows) {
    result.rows.emplace_back();
    for (const auto& [column, value] : row) result.rows.back().push_back(value);
  }
  return result;
}

TEST(StatusQuery, ReadsAPrimary) {
  const auto status = read_status(table({primary_row()}));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->role, Role::primary);
  EXPECT_EQ(status->version, "15.20");
  EXPECT_EQ(status->position.to_string(), "0/5000148");
  EXPECT_EQ(status->received.to_string(), "0/5000100");
  EXPECT_EQ(status->timeline, 26U);
  EXPECT_EQ(status->system_identifier, 7123456789012345678U);
  EXPECT_EQ(status->start_time_us, 1700000000000000);
  EXPECT_FALSE(status->read_only);
  EXPECT_EQ(status->receiver_timeout, std::nullopt);
  EXPECT_TRUE(status->downstreams.empty());
  EXPECT_EQ(status->warning, "");
}

TEST(StatusQuery, ReadsAReplicaAndItsReceiver) {
  const auto status = read_status(table({replica_row()}));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->role, Role::replica);
  EXPECT_EQ(status->position.to_string(), "0/5000100");
  EXPECT_EQ(status->received.to_string(), "0/5000148");
  EXPECT_EQ(status->timeline, 3U);
  EXPECT_EQ(status->receiver, ReceiverState::streaming);
  EXPECT_EQ(status->upstream_host, "10.0.0.1");
  EXPECT_EQ(status->upstream_port, 5432);
  EXPECT_EQ(status->receiver_silence, milliseconds(1500));
  EXPECT_EQ(status->receiver_timeout, milliseconds(4000));
}

TEST(StatusQuery, KnowsEachStateOfTheReceiver) {
  struct Case {
    const char* word;
    ReceiverState state;
  };
  for (const Case& test :
       {Case{"streaming", ReceiverState::streaming}, Case{"starting", ReceiverState::connecting},
        Case{"connecting", ReceiverState::connecting},
        Case{"restarting", ReceiverState::connecting}, Case{"waiting", ReceiverState::waiting},
        Case{"stopping", ReceiverState::none}, Case{"stopped", ReceiverState::none}}) {
    Values row = replica_row();
    row["receiver_status"] = test.word;
    EXPECT_EQ(read_status(table({row}))->receiver, test.state) << test.word;
  }
  Values gone = replica_row();
  gone["receiver_pid"] = std::nullopt;
  EXPECT_EQ(read_status(table({gone}))->receiver, ReceiverState::none);
}

TEST(StatusQuery, ReadsEachConnectedReplica) {
  Values first = primary_row();
  first["down_pid"] = "7";
  first["down_name"] = "db2";
  first["down_address"] = "10.0.0.2";
  first["down_state"] = "streaming";
  first["down_sync"] = "quorum";
  Values second = first;
  second["down_name"] = "db3";
  const auto status = read_status(table({first, second}));
  ASSERT_TRUE(status);
  ASSERT_EQ(status->downstreams.size(), 2U);
  EXPECT_EQ(status->downstreams[0].application_name, "db2");
  EXPECT_EQ(status->downstreams[0].client_address, "10.0.0.2");
  EXPECT_EQ(status->downstreams[0].state, "streaming");
  EXPECT_EQ(status->downstreams[0].sync_state, "quorum");
  EXPECT_EQ(status->downstreams[1].application_name, "db3");
}

TEST(StatusQuery, WithoutPrivilegesGoesOnWithAWarning) {
  Values hidden = replica_row();
  for (const char* column :
       {"receiver_status", "received_tli", "sender_host", "sender_port", "silence_us"}) {
    hidden[column] = std::nullopt;
  }
  const auto replica = read_status(table({hidden}));
  ASSERT_TRUE(replica);
  EXPECT_EQ(replica->receiver, ReceiverState::streaming);
  EXPECT_EQ(replica->receiver_silence, std::nullopt);
  EXPECT_EQ(replica->timeline, 2U);  // from the control file
  EXPECT_NE(replica->warning.find("GRANT pg_monitor"), std::string::npos);

  Values primary = primary_row();
  primary["down_pid"] = "7";
  const auto status = read_status(table({primary}));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->downstreams.size(), 1U);
  EXPECT_NE(status->warning.find("GRANT pg_monitor"), std::string::npos);

  Values no_control = primary_row();
  no_control["system_identifier"] = std::nullopt;
  EXPECT_EQ(read_status(table({no_control}))->system_identifier, 0U);
}

TEST(StatusQuery, TakesAClockThatWasSetBackForNoSilence) {
  Values row = replica_row();
  row["silence_us"] = "-3600000000";
  EXPECT_EQ(read_status(table({row}))->receiver_silence, milliseconds(0));
}

TEST(StatusQuery, NormalizesPositionsWithinAPageHeader) {
  Values row = primary_row();
  row["inserted"] = "0/5000028";  // just past a segment's first page header
  EXPECT_EQ(read_status(table({row}))->position.to_string(), "0/5000000");
}

TEST(StatusQuery, RefusesAnswersThatAreNone) {
  EXPECT_FALSE(read_status(Rows{}));
  for (const auto& [column, value] :
       std::map<std::string, std::optional<std::string>>{{"replica", "maybe"},
                                                         {"inserted", "5000148"},
                                                         {"written_timeline", "xyz"},
                                                         {"segment_bytes", "16MB"},
                                                         {"start_time_us", "1e9"},
                                                         {"replay_paused", std::nullopt},
                                                         {"replica", std::nullopt}}) {
    Values row = primary_row();
    row[column] = value;
    const auto status = read_status(table({row}));
    ASSERT_FALSE(status) << column;
    EXPECT_EQ(status.error().code, "protocol");
  }
  Values incomplete = replica_row();
  incomplete.erase("replayed");
  EXPECT_FALSE(read_status(table({incomplete})));
  Rows narrow = table({primary_row()});
  narrow.rows[0].resize(3);
  EXPECT_FALSE(read_status(narrow));
}

}  // namespace
}  // namespace relevo::probe
