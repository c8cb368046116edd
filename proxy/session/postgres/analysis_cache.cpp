#include "proxy/session/postgres/analysis_cache.hpp"

#include <bit>
#include <cstring>

#include "proxy/route/postgres/catalog.hpp"

namespace relevo::session::postgres {
namespace {

std::uint64_t naming_of(const route::Dialect& dialect) {
  return dialect.naming != nullptr ? dialect.naming->id : 0;
}

std::uint64_t word_at(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Two lanes, so that the multiplications don't wait for each other. A collision
// costs a comparison.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t a = seed * factor + text.size();
  std::uint64_t b = ~a;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 16; left -= 16, at += 16) {
    a = (std::rotl(a, 23) ^ word_at(at)) * factor;
    b = (std::rotl(b, 29) ^ word_at(at + 8)) * factor;
  }
  std::array<char, 16> tail{};
  std::memcpy(tail.data(), at, left);
  a = (std::rotl(a, 23) ^ word_at(tail.data())) * factor;
  b = (std::rotl(b, 29) ^ word_at(tail.data() + 8)) * factor;
  const std::uint64_t hash = (a ^ std::rotl(b, 32)) * factor;
  return (hash ^ (hash >> 32)) | 1;  // never that of an empty place
}

}  // namespace

bool AnalysisCache::Entry::is(std::uint64_t other_hash, std::string_view sql,
                              const route::Dialect& dialect) const {
  return hash == other_hash && size == sql.size() && naming == naming_of(dialect) &&
         standard_strings == dialect.standard_conforming_strings &&
         ascii_in_multibyte == dialect.ascii_in_multibyte &&
         std::memcmp(text.data(), sql.data(), size) == 0;
}

void AnalysisCache::Entry::keep(std::uint64_t new_hash, std::string_view sql,
                                const route::Dialect& dialect, const route::Analysis& analysis) {
  hash = new_hash;
  naming = naming_of(dialect);
  standard_strings = dialect.standard_conforming_strings;
  ascii_in_multibyte = dialect.ascii_in_multibyte;
  size = static_cast<std::uint16_t>(sql.size());
  std::memcpy(text.data(), sql.data(), sql.size());
  reason = analysis.reason;
  hint = analysis.hint;
  object = analysis.object;
  statements = analysis.statements;
  cls = analysis.cls;
  transaction = analysis.transaction;
  catalog_change = analysis.catalog_change;
  controls_transaction = analysis.controls_transaction;
  copy_from_stdin = analysis.copy_from_stdin;
  unproven = analysis.unproven;
  has_subject = analysis.subject.data() != nullptr;
  subject_size = static_cast<std::uint16_t>(analysis.subject.size());
  subject_at = has_subject ? static_cast<std::uint16_t>(analysis.subject.data() - sql.data()) : 0;
}

route::Analysis AnalysisCache::Entry::analysis(std::string_view sql) const {
  route::Analysis analysis;
  analysis.reason = reason;
  analysis.hint = hint;
  analysis.object = object;
  analysis.statements = statements;
  analysis.cls = cls;
  analysis.transaction = transaction;
  analysis.catalog_change = catalog_change;
  analysis.controls_transaction = controls_transaction;
  analysis.copy_from_stdin = copy_from_stdin;
  analysis.unproven = unproven;
  if (has_subject) analysis.subject = sql.substr(subject_at, subject_size);
  return analysis;
}

route::Analysis AnalysisCache::analyze(std::string_view sql, const route::Dialect& dialect) {
  if (sql.size() > text_bytes_max) return route::analyze_postgres(sql, dialect);
  if (sets_ == nullptr) sets_ = std::make_unique<Set[]>(sets);
  const std::uint64_t hash = hash_of(sql, naming_of(dialect));
  Set& set = sets_[(hash >> 8) % sets];
  for (std::uint8_t i = 0; i < set.entries.size(); ++i) {
    if (!set.entries[i].is(hash, sql, dialect)) continue;
    set.used_last = i;
    return set.entries[i].analysis(sql);
  }
  const route::Analysis analysis = route::analyze_postgres(sql, dialect);
  const char* const subject = analysis.subject.data();
  const bool inside =
      subject == nullptr || (subject >= sql.data() && subject <= sql.data() + sql.size());
  if (analysis.effect_count == 0 && !analysis.effects_overflow && inside) {
    set.used_last ^= 1;
    set.entries[set.used_last].keep(hash, sql, dialect, analysis);
  }
  return analysis;
}

}  // namespace relevo::session::postgres
