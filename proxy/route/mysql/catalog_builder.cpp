// Judges each object of a catalogue by what it is and by what its definition says,
// with the rules by which statements are judged: the same scan, and the objects that it
// meets are judged when it asks for them.
#include <algorithm>
#include <unordered_map>

#include "proxy/route/mysql/body.hpp"
#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/mysql/locality.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

using model::MysqlCatalogRows;

constexpr unsigned nesting_max = 32;  // views over views over ...

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), to_lower);
  return lower;
}

std::string key_of(SchemaId schema, std::string_view name) {
  return std::to_string(schema) + "." + std::string(name);
}

}  // namespace

class CatalogBuilder final : public Names {
 public:
  explicit CatalogBuilder(const MysqlCatalogRows& rows) : rows_(rows) {}
  std::shared_ptr<const Catalog> build();

  // -- Names, as the definitions ask ----------------------------------------------
  SchemaId schema(std::string_view name) const override { return catalog_->schema(name); }
  Finding function(std::string_view name, SchemaId schema, bool every) const override;
  Finding relation(std::string_view name, SchemaId schema, bool every) const override;
  Finding loadable(std::string_view name) const override { return catalog_->loadable(name); }
  bool any_relation() const override { return true; }
  bool folds_names() const override { return catalog_->folds_names_; }

 private:
  // Of a function, a view or a table; what is under way is met by its own definition.
  struct Judged {
    enum class State : std::uint8_t { open, under_way, done } state = State::open;
    const MysqlCatalogRows::Function* function = nullptr;
    const MysqlCatalogRows::View* view = nullptr;
    SchemaId schema = 0;
    ObjectId refused = 0;
  };
  using Objects = std::unordered_map<std::string, Judged>;

  void take_schemas();
  void take_objects();
  Finding find(Objects& objects, const std::string& key);
  void judge(Judged& object);
  ObjectId judge_function(const Judged& object, const std::string& name);
  ObjectId judge_view(const Judged& object, const std::string& name);
  Verdict read(std::string_view text, const Judged& object, MysqlDialect dialect);
  ObjectId refuse(std::string name, std::string why, ObjectId next = 0);
  ObjectId refuse_by(const Verdict& verdict, std::string name);  // none: it is a read
  std::string relation_name(std::string_view name) const {
    return rows_.folds_names ? in_lower_case(name) : std::string(name);
  }

  const MysqlCatalogRows& rows_;
  std::shared_ptr<Catalog> catalog_ = std::make_shared<Catalog>();
  Objects functions_, relations_;
  MysqlDialect dialect_;
  unsigned depth_ = 0;
};

Finding CatalogBuilder::function(std::string_view name, SchemaId schema, bool) const {
  auto& self = const_cast<CatalogBuilder&>(*this);
  return self.find(self.functions_, key_of(schema, name));
}

Finding CatalogBuilder::relation(std::string_view name, SchemaId schema, bool) const {
  auto& self = const_cast<CatalogBuilder&>(*this);
  return self.find(self.relations_, key_of(schema, name));
}

Finding CatalogBuilder::find(Objects& objects, const std::string& key) {
  const auto found = objects.find(key);
  if (found == objects.end()) return {};
  judge(found->second);
  return {true, found->second.refused};
}

ObjectId CatalogBuilder::refuse(std::string name, std::string why, ObjectId next) {
  catalog_->objects_.push_back({std::move(name), std::move(why), next});
  return static_cast<ObjectId>(catalog_->objects_.size() - 1);
}

ObjectId CatalogBuilder::refuse_by(const Verdict& verdict, std::string name) {
  if (verdict.cls == StatementClass::read) return 0;
  return refuse(
      std::move(name),
      std::string(verdict.reason) + " (" + std::string(verdict.subject.substr(0, 64)) + ")",
      verdict.object);
}

void CatalogBuilder::judge(Judged& object) {
  using State = Judged::State;
  if (object.state == State::done) return;
  const std::string name = object.function != nullptr
                               ? "function " + object.function->schema + "." + object.function->name
                               : "view " + object.view->schema + "." + object.view->name;
  if (object.state == State::under_way || depth_ == nesting_max) {
    object.refused = refuse(name, "is nested too deeply");
    object.state = State::done;
    return;
  }
  object.state = State::under_way;
  ++depth_;
  const ObjectId refused =
      object.function != nullptr ? judge_function(object, name) : judge_view(object, name);
  --depth_;
  if (object.state == State::done) return;  // it calls itself
  object.state = State::done;
  object.refused = refused;
}

ObjectId CatalogBuilder::judge_function(const Judged& object, const std::string& name) {
  const MysqlCatalogRows::Function& function = *object.function;
  if (function.data_access == "MODIFIES SQL DATA") {
    return refuse(name, "is declared to modify data");
  }
  if (!function.in_sql) return refuse(name, "is not written in SQL");
  if (!function.body) return refuse(name, "is too long, or hidden from Relevo's monitor");
  if (function.sql_mode.find("ORACLE") != std::string::npos) {
    return refuse(name, "is written for sql_mode=ORACLE");
  }
  MysqlDialect dialect = dialect_;
  dialect.ansi_quotes = function.sql_mode.find("ANSI_QUOTES") != std::string::npos;
  return refuse_by(read(*function.body, object, dialect), name);
}

ObjectId CatalogBuilder::judge_view(const Judged& object, const std::string& name) {
  const MysqlCatalogRows::View& view = *object.view;
  if (!view.query) return refuse(name, "is too long, or hidden from Relevo's monitor");
  return refuse_by(read(*view.query, object, dialect_), name);
}

// The catalogue does not tell for certain how the quotes and backslashes of a function's
// body are meant: it is a read if it is one either way. A view's text is canonical.
Verdict CatalogBuilder::read(std::string_view text, const Judged& object, MysqlDialect dialect) {
  const bool of_function = object.function != nullptr;
  const bool backslashes = of_function && text.find('\\') != std::string_view::npos;
  const bool quotes = of_function && text.find('"') != std::string_view::npos;
  // Unqualified names are those of the object's own database.
  MysqlNaming naming;
  naming.id = mysql_naming_id_min;
  naming.names = this;
  naming.schema = object.schema;
  dialect.naming = &naming;
  Verdict verdict = read_verdict({}, {});
  for (int way = 0; way < 4 && verdict.cls == StatementClass::read; ++way) {
    const bool other_backslash = (way & 1) != 0;
    const bool other_quotes = (way & 2) != 0;
    if ((other_backslash && !backslashes) || (other_quotes && !quotes)) continue;
    MysqlDialect tried = dialect;
    tried.no_backslash_escapes = dialect.no_backslash_escapes != other_backslash;
    tried.ansi_quotes = dialect.ansi_quotes != other_quotes;
    if (of_function) {
      verdict = read_body(text, tried);
      const bool unclear = !rows_.mariadb && (quotes || text.find('\'') != std::string_view::npos);
      if (unclear && verdict.cls == StatementClass::read) verdict = read_words(text, tried);
      continue;
    }
    const Analysis analysis = analyze_mysql(text, tried);
    verdict = {.cls = analysis.statements == 1 && analysis.effect_count == 0
                          ? analysis.cls
                          : StatementClass::write,
               .reason = analysis.reason,
               .subject = analysis.subject,
               .object = analysis.object};
  }
  return verdict;
}

void CatalogBuilder::take_schemas() {
  std::vector<std::string>& schemas = catalog_->schemas_;
  const auto take = [&](const auto& objects) {
    for (const auto& object : objects) schemas.push_back(relation_name(object.schema));
  };
  take(rows_.functions);
  take(rows_.views);
  take(rows_.tables);
  std::ranges::sort(schemas);
  const auto [first, last] = std::ranges::unique(schemas);
  schemas.erase(first, last);
}

void CatalogBuilder::take_objects() {
  for (const MysqlCatalogRows::Function& row : rows_.functions) {
    const SchemaId id = catalog_->schema(relation_name(row.schema));
    Judged object{.function = &row, .schema = id};
    functions_.emplace(key_of(id, in_lower_case(row.name)), object);
  }
  for (const MysqlCatalogRows::View& row : rows_.views) {
    const SchemaId id = catalog_->schema(relation_name(row.schema));
    Judged object{.view = &row, .schema = id};
    relations_.emplace(key_of(id, relation_name(row.name)), object);
  }
  for (const MysqlCatalogRows::Table& row : rows_.tables) {
    const bool sequence = equals_folded(row.type, "sequence");
    std::string why = sequence                              ? "is a sequence"
                      : equals_folded(row.engine, "memory") ? "is in memory: a replica that "
                                                              "restarts has lost its rows"
                      : row.engine.empty()
                          ? "is of no known engine"
                          : "is of engine " + row.engine + ", which does not replicate its rows";
    const std::string kind = sequence ? "sequence " : "table ";
    const SchemaId id = catalog_->schema(relation_name(row.schema));
    Judged object{.state = Judged::State::done, .schema = id};
    object.refused = refuse(kind + row.schema + "." + row.name, std::move(why));
    relations_.emplace(key_of(id, relation_name(row.name)), object);
  }
}

std::shared_ptr<const Catalog> CatalogBuilder::build() {
  dialect_.server = rows_.mariadb ? MysqlServer::mariadb : MysqlServer::mysql;
  dialect_.version = mysql_version(rows_.version);
  catalog_->folds_names_ = rows_.folds_names;
  catalog_->objects_.emplace_back();
  take_schemas();
  for (const std::string& name : rows_.loadable) {
    const ObjectId refused = refuse("function " + name, "is loaded from a library");
    catalog_->loadable_.add(in_lower_case(name), 0, refused);
  }
  catalog_->loadable_.finish();
  take_objects();
  const auto add = [this](Objects& objects, NameIndex& index, bool all) {
    for (auto& [key, object] : objects) {
      judge(object);
      if (!all && object.refused == 0) continue;
      index.add(std::string_view(key).substr(key.find('.') + 1), object.schema, object.refused);
    }
    index.finish();
  };
  add(functions_, catalog_->functions_, true);
  add(relations_, catalog_->relations_, false);

  catalog_->takers_ = takers_of(rows_, dialect_);

  std::size_t bytes = sizeof(Catalog) + catalog_->functions_.bytes() +
                      catalog_->relations_.bytes() + catalog_->loadable_.bytes();
  for (const Catalog::Object& object : catalog_->objects_) {
    bytes += sizeof(object) + object.name.capacity() + object.why.capacity();
  }
  for (const auto& [name, sequences] : catalog_->takers_) {
    bytes += sizeof(name) + name.capacity();
    for (const std::string& one : sequences) bytes += sizeof(one) + one.capacity();
  }
  for (const std::string& name : catalog_->schemas_) bytes += sizeof(name) + name.capacity();
  catalog_->bytes_ = bytes;
  return bytes <= catalog_bytes_max ? catalog_ : nullptr;
}

std::shared_ptr<const Catalog> Catalog::build(const MysqlCatalogRows& rows) {
  return CatalogBuilder(rows).build();
}

}  // namespace relevo::route::mysql
