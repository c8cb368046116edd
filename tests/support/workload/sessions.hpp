// The three kinds of sessions that a workload is made of. Each runs on a thread
// of its own, until it is told to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "connection.hpp"
#include "ledger.hpp"
#include "tally.hpp"

namespace relevo::workload {

struct Plan {
  Engine engine = Engine::postgres;
  std::string conninfo;
  std::string table = "relevo_ledger";
  int writers = 8, readers = 8, idle = 20;
  double writes_per_second = 0, reads_per_second = 0;  // of all sessions together; 0: no limit
  bool read_back = false;               // each writer reads each row that it wrote, at once
  std::uint64_t stop_after_writes = 0;  // per writer; 0: no limit
  // MySQL and MariaDB look once a minute whether a full disk has space again.
  std::chrono::milliseconds statement_timeout{90000};
};

// Writes rows (number, 1), (number, 2), ...: even writers autocommit, odd ones in
// explicit transactions. Records in `ledger` what it was told about each.
void run_writer(const Plan& plan, int number, Ledger& ledger, Tally& tally,
                const std::atomic<bool>& stop);

// Reads outside transactions, by the simple and the extended protocol in turn,
// and asks each time which server answered.
void run_reader(const Plan& plan, int number, Tally& tally, const std::atomic<bool>& stop);

// Connects, is idle until the end, then runs one statement: even ones read, odd
// ones write a row of `ledger`. `connected` counts up once it is logged in.
void run_idle(const Plan& plan, int number, int writer_number, Ledger& ledger, Tally& tally,
              std::atomic<int>& connected, const std::atomic<bool>& stop);

}  // namespace relevo::workload
