#include "proxy/route/postgres/catalog.hpp"

#include <algorithm>

#include "proxy/route/names.hpp"

namespace relevo::route::postgres {
namespace {

constexpr std::size_t name_bytes_max = 63;  // NAMEDATALEN - 1

}  // namespace

model::Oid Catalog::schema(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      schemas_, name, {}, [](const auto& entry) { return std::string_view(entry.first); });
  return found != schemas_.end() && found->first == name ? found->second : 0;
}

// The most particular setting wins: of the role in this database, of the role,
// of the database, of all; then the server's configuration.
bool Catalog::default_path(std::string_view role, std::string& path) const {
  const model::CatalogRows::PathSetting* best = nullptr;
  const auto rank = [](const model::CatalogRows::PathSetting& setting) {
    return (setting.role.empty() ? 0 : 2) + (setting.of_database ? 1 : 0);
  };
  for (const auto& setting : path_settings_) {
    if (!setting.role.empty() && setting.role != role) continue;
    if (best == nullptr || rank(setting) > rank(*best)) best = &setting;
  }
  if (best != nullptr) {
    path = best->value;
    return true;
  }
  if (!server_path_) return false;
  path = *server_path_;
  return true;
}

std::string Catalog::describe(ObjectId id) const {
  constexpr int links_max = 8;
  std::string text;
  for (int link = 0; id != 0 && id < objects_.size(); ++link) {
    const Object& object = objects_[id];
    if (link == links_max) return text + ", and so on";
    if (link > 0) text += ", which ";
    if (link == 0) text += object.name + " ";
    switch (object.cause) {
      case Cause::is_volatile:
        return text + "is volatile";
      case Cause::is_procedure:
        return text + "is a procedure";
      case Cause::is_shipped:
        return text + "writes or belongs to one server";
      case Cause::is_local:
        return text + "shows what belongs to one server";
      case Cause::is_unlogged:
        return text + "is unlogged: replicas don't have it";
      case Cause::is_foreign:
        return text + "is a foreign table";
      case Cause::is_sequence:
        return text + "is a sequence";
      case Cause::is_unknown:
        return text + "uses something that the catalogue does not show";
      case Cause::is_deep:
        return text + "is nested too deeply";
      case Cause::calls:
        break;
    }
    id = object.next;
    if (id == 0 || id >= objects_.size()) break;
    const std::string& used = objects_[id].name;
    const bool called = used.starts_with("function") || used.starts_with("aggregate") ||
                        used.starts_with("operator");
    const bool made = used.starts_with("type");
    text += (called ? "calls " : made ? "makes " : "reads ") + used;
  }
  return text;
}

// -- naming ------------------------------------------------------------------------------

const Naming suspect_naming{
    .id = 1, .catalog = nullptr, .every_schema = true, .schemas = {}, .utf8 = false};

const Naming unknown_naming{
    .id = 2, .catalog = nullptr, .every_schema = true, .schemas = {}, .utf8 = false};

std::string_view Naming::doubt() const {
  return id == unknown_naming.id ? "the database's catalogue is not known"
                                 : "what its names mean may have changed a moment ago";
}

bool Naming::in_path(model::Oid schema) const {
  return every_schema || std::ranges::find(schemas, schema) != schemas.end();
}

Finding find_in_path(const Naming& naming, const NameIndex& index, std::string_view name) {
  Finding finding;
  for (const NameIndex::Entry& entry : index.find(name)) {
    if (!naming.in_path(entry.schema)) continue;
    finding.found = true;
    if (entry.refused == 0) continue;
    finding.refused = entry.refused;
    break;
  }
  return finding;
}

bool parse_search_path(std::string_view path, std::vector<std::string>& schemas) {
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < path.size() && (path[at] == ' ' || (path[at] >= '\t' && path[at] <= '\r'))) ++at;
  };
  skip_blanks();
  if (at == path.size()) return true;  // an empty path
  for (;;) {
    std::string name;
    if (path[at] == '"' || path[at] == '\'') {
      const char quote = path[at++];
      for (;; ++at) {
        if (at >= path.size()) return false;
        if (path[at] == '\\' && quote == '\'') return false;
        if (path[at] == quote) {
          if (at + 1 >= path.size() || path[at + 1] != quote) break;
          ++at;
        }
        name += path[at];
      }
      ++at;
      // SET search_path = 'a, b' names one schema of that name, and
      // set_config('search_path', 'a, b', ...) two: only what is one either way.
      if (quote == '\'' && name.find_first_of(",\" ") != std::string::npos) return false;
    } else {
      const std::size_t begin = at;
      for (; at < path.size() && path[at] != ',' && path[at] != ' '; ++at) {
        const char c = path[at];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                           (c >= '0' && c <= '9') || c == '$';
        if (!plain) return false;
        name += to_lower(c);
      }
      // 1, $$a$$: other forms of a value; unquoted, $user is only that.
      const bool word = !name.empty() && (name[0] < '0' || name[0] > '9') && name[0] != '$';
      if (!word && path.substr(begin, at - begin) != "$user") return false;
    }
    if (name.size() > name_bytes_max) return false;  // the server cuts it
    schemas.push_back(std::move(name));
    skip_blanks();
    if (at == path.size()) return true;
    if (path[at++] != ',') return false;
    skip_blanks();
    if (at == path.size()) return false;
  }
}

Naming make_naming(CatalogPtr catalog, const std::string* path, const NamingOwner& owner,
                   std::uint64_t id) {
  Naming naming;
  naming.id = id;
  naming.utf8 = owner.client_utf8 && catalog != nullptr && catalog->utf8();
  naming.catalog = std::move(catalog);
  if (naming.catalog == nullptr) return naming;
  std::string text;
  if (path != nullptr) {
    text = *path;
  } else if (!owner.default_path_known || !naming.catalog->default_path(owner.login, text)) {
    return naming;
  }
  std::vector<std::string> names;
  if (!parse_search_path(text, names)) return naming;
  naming.every_schema = false;
  naming.schemas.push_back(naming.catalog->pg_catalog());
  for (const std::string& name : names) {
    if (name == "$user" && owner.acting.empty()) {
      naming.every_schema = true;  // who it acts as isn't known
      naming.schemas.clear();
      return naming;
    }
    // A schema that isn't there is passed over, as the server does.
    const model::Oid schema = naming.catalog->schema(name == "$user" ? owner.acting : name);
    if (schema != 0 && !naming.in_path(schema)) naming.schemas.push_back(schema);
  }
  return naming;
}

}  // namespace relevo::route::postgres
