#include "proxy/session/postgres/prepared.hpp"

#include <cstdio>
#include <iterator>

#include "proxy/wire/postgres/writer.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;

std::string server_statement_name(std::uint64_t id) {
  char name[32];
  std::snprintf(name, sizeof name, "relevo_%llx", static_cast<unsigned long long>(id));
  return name;
}

PreparedStatement::PreparedStatement(std::uint64_t id_, std::string_view text_,
                                     std::string_view parameter_types_, route::Dialect dialect_)
    : id(id_),
      text(text_),
      parameter_types(parameter_types_),
      server_name(server_statement_name(id_)),
      dialect(dialect_),
      naming_id_(dialect_.naming != nullptr ? dialect_.naming->id : 0) {
  analysis_ = route::analyze_postgres(text, dialect);
  dialect.naming = nullptr;  // others' sessions ask with their own
}

const route::Analysis& PreparedStatement::analysis(const route::postgres::Naming* naming) const {
  const std::uint64_t made_with = naming != nullptr ? naming->id : 0;
  if (made_with != naming_id_) {
    route::Dialect now = dialect;
    now.naming = naming;
    analysis_ = route::analyze_postgres(text, now);
    naming_id_ = made_with;
  }
  return analysis_;
}

void PreparedStatement::append_parse(std::string& out, std::string_view name) const {
  wire::Writer writer(out);
  writer.begin(wire::Frontend::parse);
  writer.cstring(name);
  writer.cstring(text);
  writer.bytes(wire::as_bytes(parameter_types));
  writer.end();
}

PreparedTable::PreparedTable(std::uint64_t id_base, std::size_t cache_bytes_max)
    : next_id_(id_base + 1), cache_bytes_max_(cache_bytes_max) {}

std::size_t PreparedTable::KeyHash::operator()(const Key& key) const {
  const std::hash<std::string_view> hash;
  return hash(key.text) * 31 + hash(key.parameter_types) * 4 + (key.standard_strings ? 1 : 0) +
         (key.ascii_in_multibyte ? 2 : 0);
}

Prepared PreparedTable::intern(std::string_view text, std::string_view parameter_types,
                               route::Dialect dialect) {
  const auto key_of = [](std::string_view query, std::string_view types, route::Dialect of) {
    return Key{query, types, of.standard_conforming_strings, of.ascii_in_multibyte};
  };
  if (const auto found = known_.find(key_of(text, parameter_types, dialect));
      found != known_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return *found->second;
  }
  auto made = std::make_shared<const PreparedStatement>(next_id_++, text, parameter_types, dialect);
  recent_.push_front(made);
  known_.emplace(key_of(made->text, made->parameter_types, dialect), recent_.begin());
  bytes_ += made->text.size() + made->parameter_types.size() + sizeof(PreparedStatement);
  if (bytes_ > cache_bytes_max_) sweep();
  return made;
}

void PreparedTable::sweep() {
  // What sessions still hold stays alive through them; it only loses its place
  // here, and the same text prepared again gets a new id.
  while (bytes_ > cache_bytes_max_ / 2 && recent_.size() > 1) {
    const Prepared& oldest = recent_.back();
    bytes_ -= oldest->text.size() + oldest->parameter_types.size() + sizeof(PreparedStatement);
    known_.erase(Key{oldest->text, oldest->parameter_types,
                     oldest->dialect.standard_conforming_strings,
                     oldest->dialect.ascii_in_multibyte});
    recent_.pop_back();
  }
}

bool ServerStatements::has(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  recent_.splice(recent_.begin(), recent_, found->second);
  return true;
}

std::uint64_t ServerStatements::add(std::uint64_t id) {
  if (has(id)) return 0;
  recent_.push_front(id);
  by_id_[id] = recent_.begin();
  if (by_id_.size() <= max_) return 0;
  const std::uint64_t evicted = recent_.back();
  remove(evicted);
  return evicted;
}

void ServerStatements::remove(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  recent_.erase(found->second);
  by_id_.erase(found);
}

void ServerStatements::restore(std::uint64_t id) {
  if (by_id_.contains(id)) return;
  recent_.push_back(id);
  by_id_[id] = std::prev(recent_.end());
}

void ServerStatements::clear() {
  recent_.clear();
  by_id_.clear();
}

}  // namespace relevo::session::postgres
