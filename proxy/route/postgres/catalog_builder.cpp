// Judges each object of a catalogue by what it is and by what it calls.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/route/postgres/functions.hpp"
#include "proxy/route/postgres/relations.hpp"

namespace relevo::route::postgres {
namespace {

using model::CatalogRows;
using model::CatalogUse;
using model::Oid;

constexpr unsigned depth_max = 64;  // views over views over ...

// Volatile and harmless, and younger than functions_table.inc.
constexpr std::array<std::string_view, 5> harmless_since = {"array_sample", "array_shuffle",
                                                            "random_normal", "uuidv4", "uuidv7"};

// How SQL names the types that it has words for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> spellings = {{
    {"bool", "boolean"},
    {"bpchar", "char"},
    {"bpchar", "character"},
    {"bpchar", "nchar"},
    {"float4", "float"},
    {"float4", "real"},
    {"float8", "double"},
    {"float8", "float"},
    {"int2", "smallint"},
    {"int4", "int"},
    {"int4", "integer"},
    {"int8", "bigint"},
    {"numeric", "dec"},
    {"numeric", "decimal"},
    {"timestamptz", "timestamp"},
    {"timetz", "time"},
    {"varbit", "bit"},
    {"varchar", "varying"},
}};

// What LIKE, ILIKE, SIMILAR TO, IN, BETWEEN and IS DISTINCT FROM are written for.
constexpr std::array<std::string_view, 11> unwritten_operators = {
    "=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "~"};

}  // namespace

class CatalogBuilder {
 public:
  explicit CatalogBuilder(const CatalogRows& rows) : rows_(rows) {}
  std::shared_ptr<const Catalog> build();

 private:
  using Cause = Catalog::Cause;
  struct Judgement {
    enum class State : std::uint8_t { open, under_way, done } state = State::open;
    ObjectId refused = 0;
  };

  ObjectId object(std::string name, Cause cause, ObjectId next = 0);
  ObjectId judge_function(std::size_t index, unsigned depth);
  ObjectId judge_relation(std::size_t index, unsigned depth);
  ObjectId judge_type(std::size_t index, unsigned depth);
  ObjectId judge_use(const CatalogUse& use, unsigned depth);
  ObjectId judge_uses(const std::vector<CatalogUse>& uses, CatalogUse self, unsigned depth);
  // By its oid too: a superuser may put objects of his own into pg_catalog.
  bool is_shipped(Oid oid, Oid schema) const {
    return oid < model::first_user_oid &&
           (schema == made_->pg_catalog_ || schema == information_schema_);
  }
  bool shipped_is_harmless(const CatalogRows::Function& function) const;
  std::string qualified(Oid schema, const std::string& name) const;
  std::string name_of(const CatalogRows::Function& function) const;

  void add_functions();
  void add_relations();
  void add_operators();
  void add_conversions();
  void add_comparisons();
  void refuse_always(ObjectId refused) {
    if (made_->always_refused_ == 0) made_->always_refused_ = refused;
  }

  const CatalogRows& rows_;
  std::shared_ptr<Catalog> made_ = std::make_shared<Catalog>();
  std::unordered_map<Oid, std::string_view> schemas_;
  std::unordered_map<Oid, std::size_t> functions_, relations_, operators_, types_;
  std::vector<Judgement> function_judgements_, relation_judgements_, type_judgements_;
  Oid information_schema_ = 0;
  ObjectId hidden_ = 0;  // uses something that is not there, or nests too deeply
  ObjectId deep_ = 0;
};

ObjectId CatalogBuilder::object(std::string name, Cause cause, ObjectId next) {
  made_->objects_.push_back({std::move(name), cause, next});
  return static_cast<ObjectId>(made_->objects_.size() - 1);
}

std::string CatalogBuilder::qualified(Oid schema, const std::string& name) const {
  const auto found = schemas_.find(schema);
  if (found == schemas_.end() || found->second == "pg_catalog" || found->second == "public") {
    return name;
  }
  return std::string(found->second) + "." + name;
}

std::string CatalogBuilder::name_of(const CatalogRows::Function& function) const {
  return (function.kind == 'a' ? "aggregate " : "function ") +
         qualified(function.schema, function.name);
}

// Told by its very object and not by its name alone, so an immutable one is
// harmless whatever its namesakes do.
bool CatalogBuilder::shipped_is_harmless(const CatalogRows::Function& function) const {
  if (function.volatility == 'i') return true;
  switch (find_function(function.name)) {
    case FunctionKind::harmless:
      return true;
    case FunctionKind::shipped:
      return false;
    case FunctionKind::unknown:
      break;
  }
  if (std::ranges::find(harmless_since, function.name) != harmless_since.end()) return true;
  // Of what newer servers ship under pg_..., much shows the server itself.
  return function.volatility == 's' && !function.name.starts_with("pg_");
}

ObjectId CatalogBuilder::judge_function(std::size_t index, unsigned depth) {
  Judgement& judgement = function_judgements_[index];
  if (judgement.state == Judgement::State::done) return judgement.refused;
  if (judgement.state == Judgement::State::under_way) return hidden_;  // in a circle
  if (depth > depth_max) return deep_;
  judgement.state = Judgement::State::under_way;
  const CatalogRows::Function& function = rows_.functions[index];
  ObjectId refused = 0;
  if (is_shipped(function.oid, function.schema)) {
    if (!shipped_is_harmless(function)) refused = object(name_of(function), Cause::is_shipped);
  } else if (function.kind == 'p') {
    refused = object(name_of(function), Cause::is_procedure);
  } else if (function.volatility != 'i' && function.volatility != 's') {
    refused = object(name_of(function), Cause::is_volatile);
  } else if (const ObjectId next = judge_uses(function.uses, {'f', function.oid}, depth + 1);
             next != 0) {
    refused = object(name_of(function), Cause::calls, next);
  }
  function_judgements_[index] = {Judgement::State::done, refused};
  return refused;
}

ObjectId CatalogBuilder::judge_relation(std::size_t index, unsigned depth) {
  Judgement& judgement = relation_judgements_[index];
  if (judgement.state == Judgement::State::done) return judgement.refused;
  if (judgement.state == Judgement::State::under_way) return hidden_;
  if (depth > depth_max) return deep_;
  judgement.state = Judgement::State::under_way;
  const CatalogRows::Relation& relation = rows_.relations[index];
  const auto name = [&] {
    const char* const kind = relation.kind == 'v' ? "view " : "table ";
    return kind + qualified(relation.schema, relation.name);
  };
  ObjectId refused = 0;
  if (is_shipped(relation.oid, relation.schema)) {
    if (locality_of(relation.name) != Locality::everywhere) {
      refused = object(name(), Cause::is_local);
    }
  } else if (relation.kind == 'S') {
    refused = object(qualified(relation.schema, relation.name), Cause::is_sequence);
  } else if (relation.kind == 'f') {
    refused = object(qualified(relation.schema, relation.name), Cause::is_foreign);
  } else if (relation.persistence != 'p') {
    refused = object(name(), Cause::is_unlogged);
  } else if (const ObjectId next = judge_uses(relation.uses, {'r', relation.oid}, depth + 1);
             next != 0) {
    refused = object(name(), Cause::calls, next);
  }
  relation_judgements_[index] = {Judgement::State::done, refused};
  return refused;
}

ObjectId CatalogBuilder::judge_use(const CatalogUse& use, unsigned depth) {
  switch (use.kind) {
    case 'f':
      if (const auto found = functions_.find(use.oid); found != functions_.end()) {
        return judge_function(found->second, depth);
      }
      return hidden_;
    case 'r':
      if (const auto found = relations_.find(use.oid); found != relations_.end()) {
        return judge_relation(found->second, depth);
      }
      return hidden_;
    case 'o': {
      const auto found = operators_.find(use.oid);
      if (found == operators_.end()) return hidden_;
      return judge_use({'f', rows_.operators[found->second].function}, depth);
    }
    case 't':  // most convert to themselves without a call
      if (const auto found = types_.find(use.oid); found != types_.end()) {
        return judge_type(found->second, depth);
      }
      return 0;
    case 'c':  // asked for by the type's name alone
      return 0;
    case 'i':
      return judge_use({'f', use.oid}, depth);
    default:
      return hidden_;
  }
}

// Of a value that is made of it, wherever: its constraints, not the casts.
ObjectId CatalogBuilder::judge_type(std::size_t index, unsigned depth) {
  Judgement& judgement = type_judgements_[index];
  if (judgement.state == Judgement::State::done) return judgement.refused;
  if (judgement.state == Judgement::State::under_way) return hidden_;
  if (depth > depth_max) return deep_;
  judgement.state = Judgement::State::under_way;
  const CatalogRows::Conversion& type = rows_.conversions[index];
  ObjectId refused = 0;
  if (const ObjectId next = judge_uses(type.uses, {'t', type.oid}, depth + 1); next != 0) {
    refused = object("type " + qualified(type.schema, type.type), Cause::calls, next);
  }
  type_judgements_[index] = {Judgement::State::done, refused};
  return refused;
}

// `self`: a view's query names the view itself, before PostgreSQL 16.
ObjectId CatalogBuilder::judge_uses(const std::vector<CatalogUse>& uses, CatalogUse self,
                                    unsigned depth) {
  for (const CatalogUse& use : uses) {
    if (use.kind == self.kind && use.oid == self.oid) continue;
    if (const ObjectId refused = judge_use(use, depth); refused != 0) return refused;
  }
  return 0;
}

void CatalogBuilder::add_functions() {
  for (std::size_t i = 0; i < rows_.functions.size(); ++i) {
    const CatalogRows::Function& function = rows_.functions[i];
    const bool shipped = is_shipped(function.oid, function.schema);
    if (shipped && function.schema == information_schema_) continue;  // the classifier knows them
    // What the table knows by name it knows for good.
    if (shipped && find_function(function.name) != FunctionKind::unknown) continue;
    const ObjectId refused = judge_function(i, 0);
    made_->functions_.add(function.name, function.schema, refused);
    if (refused != 0 && function.of_row && !shipped) {
      made_->hidden_calls_.add(function.name, function.schema, refused);
    }
  }
}

void CatalogBuilder::add_relations() {
  for (std::size_t i = 0; i < rows_.relations.size(); ++i) {
    const CatalogRows::Relation& relation = rows_.relations[i];
    made_->relations_.add(relation.name, relation.schema, judge_relation(i, 0));
  }
}

void CatalogBuilder::add_operators() {
  for (const CatalogRows::Operator& one : rows_.operators) {
    ObjectId refused = judge_use({'f', one.function}, 1);
    if (refused != 0) {
      refused = object("operator " + qualified(one.schema, one.name), Cause::calls, refused);
      const bool unwritten =
          std::ranges::find(unwritten_operators, one.name) != unwritten_operators.end();
      if (unwritten) refuse_always(refused);
    }
    made_->operators_.add(one.name, one.schema, refused);
  }
}

void CatalogBuilder::add_conversions() {
  for (std::size_t i = 0; i < rows_.conversions.size(); ++i) {
    const CatalogRows::Conversion& one = rows_.conversions[i];
    ObjectId next = judge_type(i, 1);
    bool implicit = false;
    for (const CatalogUse& use : one.uses) {
      if (use.kind != 'c' && use.kind != 'i') continue;
      const ObjectId by_cast = judge_use({'f', use.oid}, 1);
      if (by_cast == 0) continue;
      next = by_cast;
      implicit = implicit || use.kind == 'i';
    }
    if (next == 0) continue;
    const ObjectId refused =
        object("the conversion to " + qualified(one.schema, one.type), Cause::calls, next);
    made_->hidden_calls_.add(one.type, one.schema, refused);
    for (const auto& [type, spelling] : spellings) {
      if (one.schema == made_->pg_catalog_ && type == one.type) {
        made_->hidden_calls_.add(spelling, one.schema, refused);
      }
    }
    if (implicit) refuse_always(refused);
  }
}

void CatalogBuilder::add_comparisons() {
  for (const CatalogRows::Comparison& one : rows_.comparisons) {
    if (const ObjectId next = judge_uses(one.uses, {}, 1); next != 0) {
      refuse_always(
          object("operator family " + qualified(one.schema, one.name), Cause::calls, next));
    }
  }
}

std::shared_ptr<const Catalog> CatalogBuilder::build() {
  Catalog& made = *made_;
  made.objects_.emplace_back();
  hidden_ = object("its definition", Cause::is_unknown);
  deep_ = object("what it calls", Cause::is_deep);
  for (const CatalogRows::Schema& schema : rows_.schemas) {
    schemas_.emplace(schema.oid, schema.name);
    made.schemas_.emplace_back(schema.name, schema.oid);
    if (schema.name == "pg_catalog") made.pg_catalog_ = schema.oid;
    if (schema.name == "information_schema") information_schema_ = schema.oid;
  }
  std::ranges::sort(made.schemas_);
  for (std::size_t i = 0; i < rows_.functions.size(); ++i) {
    functions_.emplace(rows_.functions[i].oid, i);
  }
  for (std::size_t i = 0; i < rows_.relations.size(); ++i) {
    relations_.emplace(rows_.relations[i].oid, i);
  }
  for (std::size_t i = 0; i < rows_.operators.size(); ++i) {
    operators_.emplace(rows_.operators[i].oid, i);
  }
  for (std::size_t i = 0; i < rows_.conversions.size(); ++i) {
    types_.emplace(rows_.conversions[i].oid, i);
  }
  function_judgements_.resize(rows_.functions.size());
  relation_judgements_.resize(rows_.relations.size());
  type_judgements_.resize(rows_.conversions.size());
  add_functions();
  add_relations();
  add_operators();
  add_conversions();
  add_comparisons();
  for (NameIndex* index :
       {&made.functions_, &made.relations_, &made.operators_, &made.hidden_calls_}) {
    index->finish();
    made.bytes_ += index->bytes();
  }
  made.path_settings_ = rows_.path_settings;
  made.server_path_ = rows_.server_path;
  made.utf8_ = rows_.utf8;
  made.bytes_ += made.objects_.capacity() * sizeof(Catalog::Object);
  for (const Catalog::Object& one : made.objects_) made.bytes_ += one.name.capacity();
  if (made.bytes_ > catalog_bytes_max) return nullptr;
  return made_;
}

std::shared_ptr<const Catalog> Catalog::build(const model::CatalogRows& rows) {
  return CatalogBuilder(rows).build();
}

}  // namespace relevo::route::postgres
