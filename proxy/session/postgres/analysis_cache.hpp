// What the texts of simple queries were found to mean, for those that come again.
//
// A table of fixed size, made at the first query: no allocation afterwards, and
// its bytes are its bound. Two places for each hash; of the two the one that was
// not used last makes room. Long texts and those that change the session's state
// are not kept: the former are rare, the latter's effects point into their text.
//
// One per worker; not for several threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::session::postgres {

class AnalysisCache {
 public:
  static constexpr std::size_t text_bytes_max = 480;
  static constexpr std::size_t sets = 512;

  // As route::analyze_postgres: points into `sql`.
  route::Analysis analyze(std::string_view sql, const route::Dialect& dialect);

  static constexpr std::size_t bytes() { return sets * sizeof(Set); }

 private:
  struct Entry {
    std::uint64_t hash = 0;  // of text and key; 0: empty
    std::uint64_t naming = 0;
    std::string_view reason;  // static text
    route::Hint hint;
    std::uint32_t object = 0, statements = 0;
    std::uint16_t size = 0, subject_at = 0, subject_size = 0;
    route::StatementClass cls{};
    route::TransactionControl transaction{};
    route::CatalogChange catalog_change{};
    bool has_subject = false, controls_transaction = false, copy_from_stdin = false;
    bool unproven = false, standard_strings = false, ascii_in_multibyte = false;
    std::array<char, text_bytes_max> text;

    bool is(std::uint64_t other_hash, std::string_view sql, const route::Dialect& dialect) const;
    void keep(std::uint64_t new_hash, std::string_view sql, const route::Dialect& dialect,
              const route::Analysis& analysis);
    route::Analysis analysis(std::string_view sql) const;
  };
  struct Set {
    std::array<Entry, 2> entries;
    std::uint8_t used_last = 0;
  };
  std::unique_ptr<Set[]> sets_;
};

}  // namespace relevo::session::postgres
