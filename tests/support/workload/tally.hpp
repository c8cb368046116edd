// What all sessions together saw: counts, errors by SQLSTATE and kind of
// session, latencies, and the times in which no write was acknowledged.
//
// One lock: at some ten thousand statements a second on loopback it costs less
// than one per cent, and every figure in a snapshot is of one moment.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "connection.hpp"

namespace relevo::workload {

enum class SessionKind : std::uint8_t { writer, reader, idle };
const char* name_of(SessionKind kind);

// Latencies in buckets that grow by a tenth: every percentile is right to 10 %.
class Latencies {
 public:
  void add(std::chrono::nanoseconds latency);
  double percentile_ms(double share) const;  // 0 when nothing was added
  double max_ms() const { return static_cast<double>(max_.count()) / 1e6; }

 private:
  std::array<std::uint64_t, 256> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

struct Gap {
  double at_s = 0;  // since the run began
  double ms = 0;
};

struct ErrorCount {
  std::uint64_t count = 0;
  double first_at_s = 0, last_at_s = 0;
  std::string example;
};

struct Figures {
  std::uint64_t writes = 0, unknown = 0, refused = 0, stale = 0, read_backs = 0;
  std::map<int, std::uint64_t> reads;            // by inet_server_port()
  std::map<int, std::uint64_t> read_backs_from;  // likewise
  // "40001", "08007", "connection lost", "cannot connect", "timed out"
  std::map<SessionKind, std::map<std::string, ErrorCount>> errors;
  std::vector<Gap> gaps;  // between acknowledged writes, over 50 ms, in order
  Gap longest_gap;
  Latencies write_latency, read_latency;
  std::uint64_t errors_of(SessionKind kind) const;
};

class Tally {
 public:
  explicit Tally(Clock::time_point start) : start_(start) {}

  void acknowledged(std::chrono::nanoseconds latency);
  void refused();
  void unknown();
  void read(int port, std::chrono::nanoseconds latency);
  void read_back(int port, bool stale);
  void error(SessionKind kind, const Reply& reply);
  void error(SessionKind kind, const std::string& code, const std::string& message);

  // Counts the time since the last acknowledged write as a gap, too.
  Figures snapshot() const;

 private:
  double seconds(Clock::time_point at) const;
  void close_gap(Clock::time_point now, Figures& figures) const;

  const Clock::time_point start_;
  mutable std::mutex mutex_;
  Figures figures_;
  Clock::time_point last_acknowledged_{};
};

}  // namespace relevo::workload
