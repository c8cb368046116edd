#include "tally.hpp"

#include <algorithm>
#include <cmath>

namespace relevo::workload {
namespace {

constexpr double shortest_gap_ms = 50;
constexpr double bucket_growth = 1.1;
constexpr double first_bucket_ns = 1000;

}  // namespace

const char* name_of(SessionKind kind) {
  switch (kind) {
    case SessionKind::writer:
      return "writers";
    case SessionKind::reader:
      return "readers";
    case SessionKind::idle:
      return "idle";
  }
  return "";
}

void Latencies::add(std::chrono::nanoseconds latency) {
  const double ns = std::max(static_cast<double>(latency.count()), first_bucket_ns);
  const auto bucket =
      static_cast<std::size_t>(std::log(ns / first_bucket_ns) / std::log(bucket_growth));
  ++buckets_[std::min(bucket, buckets_.size() - 1)];
  ++count_;
  max_ = std::max(max_, latency);
}

double Latencies::percentile_ms(double share) const {
  if (count_ == 0) {
    return 0;
  }
  const auto wanted = static_cast<std::uint64_t>(std::ceil(static_cast<double>(count_) * share));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) {
      return first_bucket_ns * std::pow(bucket_growth, static_cast<double>(bucket) + 0.5) / 1e6;
    }
  }
  return max_ms();
}

std::uint64_t Figures::errors_of(SessionKind kind) const {
  std::uint64_t sum = 0;
  if (const auto found = errors.find(kind); found != errors.end()) {
    for (const auto& [code, error] : found->second) {
      sum += error.count;
    }
  }
  return sum;
}

double Tally::seconds(Clock::time_point at) const {
  return std::chrono::duration<double>(at - start_).count();
}

void Tally::close_gap(Clock::time_point now, Figures& figures) const {
  if (last_acknowledged_ == Clock::time_point{}) {
    return;  // a gap begins with a write
  }
  const Gap gap{seconds(last_acknowledged_),
                std::chrono::duration<double, std::milli>(now - last_acknowledged_).count()};
  if (gap.ms >= shortest_gap_ms) {
    figures.gaps.push_back(gap);
  }
  if (gap.ms > figures.longest_gap.ms) {
    figures.longest_gap = gap;
  }
}

void Tally::acknowledged(std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  close_gap(now, figures_);
  last_acknowledged_ = now;
  ++figures_.writes;
  figures_.write_latency.add(latency);
}

void Tally::refused() {
  const std::lock_guard lock(mutex_);
  ++figures_.refused;
}

void Tally::unknown() {
  const std::lock_guard lock(mutex_);
  ++figures_.unknown;
}

void Tally::read(int port, std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  ++figures_.reads[port];
  figures_.read_latency.add(latency);
}

void Tally::read_back(int port, bool stale) {
  const std::lock_guard lock(mutex_);
  ++figures_.read_backs;
  ++figures_.read_backs_from[port];
  figures_.stale += stale ? 1 : 0;
}

void Tally::error(SessionKind kind, const Reply& reply) {
  std::string code = reply.sqlstate;
  if (code.empty()) {
    code = reply.kind == Reply::Kind::timed_out ? "timed out" : "connection lost";
  }
  error(kind, code, reply.message);
}

void Tally::error(SessionKind kind, const std::string& code, const std::string& message) {
  const std::lock_guard lock(mutex_);
  const double now = seconds(Clock::now());
  ErrorCount& error = figures_.errors[kind][code];
  if (error.count++ == 0) {
    error.first_at_s = now;
    error.example = message;
  }
  error.last_at_s = now;
}

Figures Tally::snapshot() const {
  const std::lock_guard lock(mutex_);
  Figures copy = figures_;
  close_gap(Clock::now(), copy);
  return copy;
}

}  // namespace relevo::workload
