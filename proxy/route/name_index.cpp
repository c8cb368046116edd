#include "proxy/route/name_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace relevo::route {
namespace {

template <typename Word>
std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// All bytes of fewer than eight, in loads that overlap.
std::uint64_t load_rest(std::string_view rest) {
  const char* const first = rest.data();
  const char* const end = first + rest.size();
  if (rest.size() >= 4) return load<std::uint32_t>(first) | load<std::uint32_t>(end - 4) << 32;
  if (rest.size() >= 2) return load<std::uint16_t>(first) | load<std::uint16_t>(end - 2) << 16;
  return rest.empty() ? 0 : static_cast<unsigned char>(*first);
}

std::uint64_t hash_of(std::string_view name) {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = name.size() * factor;
  while (name.size() >= 8) {
    hash = (std::rotl(hash, 5) ^ load<std::uint64_t>(name.data())) * factor;
    name.remove_prefix(8);
  }
  hash = (std::rotl(hash, 5) ^ load_rest(name)) * factor;
  // A product's low bits know nothing of its factors' high ones, and the slot is of low
  // bits: table_1 to table_9999 shared slots by the hundred without another round.
  hash = (hash ^ (hash >> 32)) * factor;
  return hash ^ (hash >> 32);
}

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

void NameIndex::add(std::string_view name, SchemaId schema, ObjectId refused) {
  entries_.push_back({.name_at = static_cast<std::uint32_t>(names_.size()),
                      .name_size = static_cast<std::uint32_t>(name.size()),
                      .schema = schema,
                      .refused = refused});
  names_ += name;
}

void NameIndex::finish() {
  // Of namesakes in one schema the one that is refused comes first, and stays.
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
    if (const int order = name_of(a).compare(name_of(b)); order != 0) return order < 0;
    if (a.schema != b.schema) return a.schema < b.schema;
    return a.refused != 0 && (b.refused == 0 || a.refused < b.refused);
  });
  const auto same = [this](const Entry& a, const Entry& b) {
    return a.schema == b.schema && name_of(a) == name_of(b);
  };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  entries_.shrink_to_fit();
  slots_.assign(std::bit_ceil(entries_.size() * 2 + 1), Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < entries_.size();) {
    std::size_t end = i + 1;
    while (end < entries_.size() && name_of(entries_[end]) == name_of(entries_[i])) ++end;
    const std::uint64_t hash = hash_of(name_of(entries_[i]));
    std::size_t slot = hash & mask;
    while (slots_[slot].count != 0) slot = (slot + 1) & mask;
    slots_[slot] = {tag_of(hash), static_cast<std::uint32_t>(i),
                    static_cast<std::uint32_t>(end - i)};
    i = end;
  }
}

std::span<const NameIndex::Entry> NameIndex::find(std::string_view name) const {
  if (entries_.empty()) return {};
  const std::uint64_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot].count != 0; slot = (slot + 1) & mask) {
    const Slot& at = slots_[slot];
    if (at.tag == tag_of(hash) && name_of(entries_[at.first]) == name) {
      return std::span(entries_).subspan(at.first, at.count);
    }
  }
  return {};
}

std::size_t NameIndex::bytes() const {
  return names_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(Slot);
}

Finding find_in_schema(const NameIndex& index, std::string_view name, SchemaId schema) {
  for (const NameIndex::Entry& entry : index.find(name)) {
    if (entry.schema == schema) return {true, entry.refused};
  }
  return {};
}

}  // namespace relevo::route
