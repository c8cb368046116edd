// What the texts of simple queries were found to mean, for those that come again.
//
// A table of fixed size, made at the first query: no allocation afterwards, and
// its bytes are its bound. Two places for each hash; of the two the one that was
// not used last makes room. Long texts and those that change the session's state
// are not kept: the former are rare, the latter's effects point into their text.
//
// Texts that differ in integers alone are one (text_key.hpp). What is new is kept when
// it comes a second time: applications that write strings into their texts send each
// once, and keeping those would cost more than reading them, push out what does come
// again, and the processor's cache with it. For the same reason the hashes lie by
// themselves: to find that a text is not here touches two lines.
//
// One per worker; not for several threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/route/statement.hpp"
#include "proxy/session/postgres/text_key.hpp"

namespace relevo::session::postgres {

class AnalysisCache {
 public:
  static constexpr std::size_t text_bytes_max = TextKey::text_bytes_max;
  static constexpr std::size_t sets = 512;

  // As route::analyze_postgres: points into `sql`.
  void analyze(std::string_view sql, const route::Dialect& dialect, route::Analysis& found);
  bool holds(std::string_view sql, const route::Dialect& dialect) const;

  static constexpr std::size_t bytes() { return sizeof(Table); }

 private:
  struct Entry {
    std::uint64_t naming = 0;
    std::string_view reason;  // static text
    route::Hint hint;
    std::uint32_t object = 0, statements = 0;
    std::uint16_t size = 0, subject_at = 0, subject_size = 0;  // in the key
    route::StatementClass cls{};
    route::TransactionControl transaction{};
    route::CatalogChange catalog_change{};
    bool has_subject = false, controls_transaction = false, copy_from_stdin = false;
    bool unproven = false, standard_strings = false, ascii_in_multibyte = false, shaped = false;
    std::array<char, text_bytes_max> key;

    bool is_of(const TextKey& other, const route::Dialect& dialect) const;
    void keep(const TextKey& other, std::string_view sql, const route::Dialect& dialect,
              const route::Analysis& analysis);
    void tell(const TextKey& other, std::string_view sql, route::Analysis& found) const;
  };
  static constexpr std::size_t ways = 2;
  static constexpr std::size_t seen_max = 4096;

  struct Table {
    std::array<std::array<std::uint64_t, ways>, sets> hashes{};  // of text and key; 0: empty
    std::array<std::uint8_t, sets> used_last{};
    std::array<std::uint8_t, seen_max> seen{};  // some bits of hashes that came once
    std::array<std::array<Entry, ways>, sets> entries;
  };

  // Which place of its set; `ways`: none.
  std::size_t way_of(std::uint64_t hash, const TextKey& key, const route::Dialect& dialect) const;
  bool comes_again(std::uint64_t hash);

  std::unique_ptr<Table> table_;
};

}  // namespace relevo::session::postgres
