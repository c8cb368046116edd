// PostgreSQL's log sequence number: a byte offset into the write-ahead log.
// https://www.postgresql.org/docs/current/datatype-pg-lsn.html
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relevo::model {

struct Lsn {
  std::uint64_t value = 0;  // 0 is PostgreSQL's InvalidXLogRecPtr

  // Reads "16/B374D848"; nullopt for anything that is not exactly that shape.
  static std::optional<Lsn> parse(std::string_view text);
  std::string to_string() const;

  // A position within a page header holds no record: the server that writes
  // reports the end of the header where the one that replays reports its
  // start. Both are taken back to the page boundary, so that an idle replica
  // compares as equal. The first page of a segment has a longer header, so the
  // server's wal_segment_size is needed: guessing it could equate two positions
  // with a record between them. Probes normalize what they read, once.
  Lsn normalized(std::uint64_t segment_bytes) const;

  auto operator<=>(const Lsn&) const = default;
};

}  // namespace relevo::model
