#include "proxy/session/postgres/analysis_cache.hpp"

#include <bit>
#include <cstring>
#include <utility>

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

std::size_t set_of(std::uint64_t hash) { return (hash >> 8) % AnalysisCache::sets; }

// Whether a later text of the same key can be told what this one is: its values have no
// effect, and what decided lies within it, and is the same in all of them.
bool may_be_kept(const route::Analysis& analysis, std::string_view sql, const TextKey& key) {
  if (analysis.effect_count != 0 || analysis.effects_overflow) return false;
  const std::string_view subject = analysis.subject;
  if (subject.data() == nullptr) return true;
  if (subject.data() < sql.data() || subject.data() > sql.data() + sql.size()) return false;
  const std::size_t at = key.in_key(static_cast<std::size_t>(subject.data() - sql.data()));
  return at <= key.bytes().size() && key.bytes().substr(at, subject.size()) == subject;
}

}  // namespace

bool AnalysisCache::Entry::is_of(const TextKey& other, const route::Dialect& dialect) const {
  return size == other.bytes().size() && shaped == other.shaped() && naming == naming_of(dialect) &&
         standard_strings == dialect.standard_conforming_strings &&
         ascii_in_multibyte == dialect.ascii_in_multibyte &&
         std::memcmp(key.data(), other.bytes().data(), size) == 0;
}

void AnalysisCache::Entry::keep(const TextKey& other, std::string_view sql,
                                const route::Dialect& dialect, const route::Analysis& analysis) {
  naming = naming_of(dialect);
  standard_strings = dialect.standard_conforming_strings;
  ascii_in_multibyte = dialect.ascii_in_multibyte;
  shaped = other.shaped();
  size = static_cast<std::uint16_t>(other.bytes().copy(key.data(), key.size()));
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
  subject_at = 0;
  if (has_subject) {
    const auto at = static_cast<std::size_t>(analysis.subject.data() - sql.data());
    subject_at = static_cast<std::uint16_t>(other.in_key(at));
  }
}

void AnalysisCache::Entry::tell(const TextKey& other, std::string_view sql,
                                route::Analysis& found) const {
  found.reason = reason;
  found.hint = hint;
  found.object = object;
  found.statements = statements;
  found.cls = cls;
  found.transaction = transaction;
  found.catalog_change = catalog_change;
  found.controls_transaction = controls_transaction;
  found.copy_from_stdin = copy_from_stdin;
  found.unproven = unproven;
  found.subject =
      has_subject ? sql.substr(other.in_text(subject_at), subject_size) : std::string_view();
  found.effect_count = 0;
  found.effects_overflow = false;
}

bool AnalysisCache::holds(std::string_view sql, const route::Dialect& dialect) const {
  if (table_ == nullptr || sql.size() > text_bytes_max) return false;
  const TextKey key(sql);
  return way_of(hash_of(key.bytes(), naming_of(dialect)), key, dialect) != ways;
}

std::size_t AnalysisCache::way_of(std::uint64_t hash, const TextKey& key,
                                  const route::Dialect& dialect) const {
  const std::size_t set = set_of(hash);
  std::size_t way = 0;
  while (way < ways &&
         (table_->hashes[set][way] != hash || !table_->entries[set][way].is_of(key, dialect))) {
    ++way;
  }
  return way;
}

bool AnalysisCache::comes_again(std::uint64_t hash) {
  std::uint8_t& mark = table_->seen[(hash >> 20) % seen_max];
  const auto own = static_cast<std::uint8_t>(hash >> 40);
  return std::exchange(mark, own) == own;
}

void AnalysisCache::analyze(std::string_view sql, const route::Dialect& dialect,
                            route::Analysis& found) {
  if (sql.size() > text_bytes_max) {
    found = route::analyze_postgres(sql, dialect);
    return;
  }
  if (table_ == nullptr) table_ = std::make_unique<Table>();
  const TextKey key(sql);
  const std::uint64_t hash = hash_of(key.bytes(), naming_of(dialect));
  const std::size_t set = set_of(hash);
  std::uint8_t& used_last = table_->used_last[set];
  if (const std::size_t way = way_of(hash, key, dialect); way != ways) {
    used_last = static_cast<std::uint8_t>(way);
    return table_->entries[set][way].tell(key, sql, found);
  }
  found = route::analyze_postgres(sql, dialect);
  if (may_be_kept(found, sql, key) && comes_again(hash)) {
    used_last ^= 1;
    table_->hashes[set][used_last] = hash;
    table_->entries[set][used_last].keep(key, sql, dialect, found);
  }
}

}  // namespace relevo::session::postgres
