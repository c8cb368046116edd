#include "proxy/route/mysql/catalog.hpp"

#include <algorithm>

#include "proxy/route/names.hpp"

namespace relevo::route {
namespace mysql {

SchemaId Catalog::schema(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      schemas_, name, {}, [](const std::string& s) { return std::string_view(s); });
  if (found == schemas_.end() || *found != name) return 0;
  return static_cast<SchemaId>(found - schemas_.begin()) + 1;
}

Finding Catalog::find(const NameIndex& index, std::string_view name, SchemaId schema, bool every) {
  if (!every) return find_in_schema(index, name, schema);
  Finding finding;
  for (const NameIndex::Entry& entry : index.find(name)) {
    finding.found = true;
    if (finding.refused == 0) finding.refused = entry.refused;
  }
  return finding;
}

Finding Catalog::loadable(std::string_view name) const { return find(loadable_, name, 0, true); }

std::string Catalog::describe(ObjectId id) const {
  constexpr int links_max = 8;
  std::string text;
  for (int link = 0; id != 0 && id < objects_.size(); ++link) {
    const Object& object = objects_[id];
    if (link == links_max) return text + ", and so on";
    text += link == 0 ? object.name + " " : ", which ";
    if (object.next == 0 || object.next >= objects_.size()) return text + object.why;
    const std::string& used = objects_[object.next].name;
    text += (used.starts_with("function") ? "calls " : "reads ") + used;
    id = object.next;
  }
  return text;
}

bool SpelledName::spell(std::string_view text, bool fold, bool utf8) {
  if (text.empty() || text.size() > bytes_max) return false;
  unsigned char all = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '`' || c == '"') return false;  // `a``b`
    all |= static_cast<unsigned char>(c);
    folded_[i] = fold ? to_lower(c) : c;
  }
  if (all >= 0x80 && (fold || !utf8)) return false;
  text_ = {folded_.data(), text.size()};
  return true;
}

}  // namespace mysql

const MysqlNaming suspect_mysql_naming{.id = 1, .catalog = nullptr};
const MysqlNaming unknown_mysql_naming{.id = 2, .catalog = nullptr};

std::string_view MysqlNaming::doubt() const {
  return id == unknown_mysql_naming.id ? "the server's catalogue is not known"
                                       : "what its names mean may have changed a moment ago";
}

MysqlNaming make_mysql_naming(mysql::CatalogPtr catalog, const std::string* database, bool utf8,
                              std::uint64_t id) {
  MysqlNaming naming;
  naming.id = id;
  naming.utf8 = utf8;
  naming.catalog = std::move(catalog);
  naming.names = naming.catalog.get();
  if (naming.names == nullptr) return naming;
  naming.every_schema = database == nullptr;
  mysql::SpelledName name;
  if (database == nullptr || database->empty()) return naming;
  if (name.spell(*database, naming.names->folds_names(), utf8)) {
    naming.schema = naming.names->schema(name.text());
  } else {
    naming.every_schema = true;
  }
  return naming;
}

}  // namespace relevo::route
