#include "proxy/session/mysql/prepared.hpp"

#include <algorithm>

#include "proxy/route/mysql/catalog.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;

namespace {

// A naming is not kept.
route::MysqlDialect by_text(route::MysqlDialect dialect) {
  dialect.naming = nullptr;
  return dialect;
}

}  // namespace

PreparedStatement::PreparedStatement(std::uint64_t id_, std::string_view text_, State context_,
                                     route::MysqlDialect dialect_)
    : id(id_),
      text(text_),
      context(std::move(context_)),
      dialect(by_text(dialect_)),
      analysis(route::analyze_mysql(text, dialect)) {}

std::shared_ptr<const route::Analysis> PreparedStatement::judge(
    const route::MysqlNaming* naming) const {
  if (naming == nullptr) return nullptr;
  if (judged_by_ != naming->id) {
    route::MysqlDialect now = dialect;
    now.naming = naming;
    judged_ = std::make_shared<const route::Analysis>(route::analyze_mysql(text, now));
    judged_by_ = naming->id;
  }
  return judged_;
}

// -- interned ----------------------------------------------------------------------

PreparedTable::PreparedTable(std::uint64_t id_base, std::size_t cache_bytes_max)
    : next_id_(id_base + 1), cache_bytes_max_(cache_bytes_max) {}

std::size_t PreparedTable::KeyHash::operator()(const Key& key) const {
  return std::hash<std::string_view>()(key.text) * 31 + std::hash<const StateData*>()(key.context);
}

Prepared PreparedTable::intern(std::string_view text, const State& context,
                               route::MysqlDialect dialect) {
  if (const auto found = known_.find(Key{text, context.get()}); found != known_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return *found->second;
  }
  auto made = std::make_shared<const PreparedStatement>(next_id_++, text, context, dialect);
  recent_.push_front(made);
  known_.emplace(Key{made->text, made->context.get()}, recent_.begin());
  bytes_ += made->text.size() + sizeof(PreparedStatement);
  if (bytes_ > cache_bytes_max_) sweep();
  return made;
}

void PreparedTable::sweep() {
  // What sessions still hold stays alive through them; it only loses its place
  // here, and the same text prepared again gets a new id.
  while (bytes_ > cache_bytes_max_ / 2 && recent_.size() > 1) {
    const Prepared& oldest = recent_.back();
    bytes_ -= oldest->text.size() + sizeof(PreparedStatement);
    known_.erase(Key{oldest->text, oldest->context.get()});
    recent_.pop_back();
  }
}

// -- on one server connection ----------------------------------------------------------

ServerStatement* ServerStatements::find(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return &found->second->statement;
}

std::optional<std::uint32_t> ServerStatements::add(std::uint64_t id,
                                                   const ServerStatement& statement) {
  if (ServerStatement* known = find(id)) {
    const std::uint32_t before = known->number;
    *known = statement;
    return before;
  }
  recent_.push_front({id, statement});
  by_id_[id] = recent_.begin();
  if (by_id_.size() <= max_) return std::nullopt;
  const Entry evicted = recent_.back();
  remove(evicted.id);
  return evicted.statement.number;
}

void ServerStatements::remove(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  recent_.erase(found->second);
  by_id_.erase(found);
}

void ServerStatements::clear() {
  recent_.clear();
  by_id_.clear();
}

// -- of one client ---------------------------------------------------------------------

std::optional<std::uint32_t> ClientStatements::add(ClientStatement statement) {
  const std::size_t bytes = statement.statement->text.size();
  if (by_number_.size() >= count_max || bytes_ + bytes > bytes_max) return std::nullopt;
  while (next_ == 0 || next_ == wire::last_prepared || by_number_.contains(next_)) ++next_;
  last_ = next_++;
  bytes_ += bytes;
  by_number_.emplace(last_, std::move(statement));
  return last_;
}

ClientStatement* ClientStatements::find(std::uint32_t number) {
  const auto found = by_number_.find(number == wire::last_prepared ? last_ : number);
  return found == by_number_.end() ? nullptr : &found->second;
}

void ClientStatements::remove(std::uint32_t number) {
  const auto found = by_number_.find(number == wire::last_prepared ? last_ : number);
  if (found == by_number_.end()) return;
  bytes_ -= found->second.statement->text.size();
  by_number_.erase(found);
}

void ClientStatements::clear() {
  by_number_.clear();
  bytes_ = 0;
  last_ = 0;
}

bool ClientStatements::any_long_data() const {
  return std::any_of(by_number_.begin(), by_number_.end(),
                     [](const auto& entry) { return entry.second.long_data; });
}

bool ClientStatements::any_cursor() const {
  return std::any_of(by_number_.begin(), by_number_.end(),
                     [](const auto& entry) { return entry.second.cursor; });
}

}  // namespace relevo::session::mysql
