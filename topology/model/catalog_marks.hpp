// What sessions tell of one database's catalogue, counted: shared by all workers,
// who raise the counts, and by whoever reads the catalogue, who notes how far
// they stood when a reading began. A reading is as good as the counts it has seen.
#pragma once

#include <atomic>
#include <cstdint>

namespace relevo::model {

struct CatalogMarks {
  // DDL that may turn a harmless name into another: nobody trusts an older reading.
  std::atomic<std::uint64_t> certain{0};
  // Procedures and functions that may have done so: their own session doesn't.
  std::atomic<std::uint64_t> perhaps{0};
  std::atomic<std::uint32_t> sessions{0};  // of clients in this database
};

}  // namespace relevo::model
