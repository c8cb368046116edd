// What a server's catalogue says about names in statements: an immutable snapshot of
// all its databases, asked by the classifier at each call of a function that the
// server does not ship, and at each name in a FROM clause.
//
// Invariant: a stored function is harmless only if its body has been read, and
// nothing in it writes, locks, or touches the session. SQL_DATA_ACCESS is no proof:
// the server believes whatever is declared. A function that is not in the snapshot is
// not known. A table that is not in it is a plain one: what is kept here of tables and
// views is what is not harmless.
//
// What objects call in their turn is followed when the snapshot is built: a look-up
// afterwards is one probe of a hash table, without allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/mysql/takers.hpp"
#include "proxy/route/name_index.hpp"
#include "topology/model/mysql_catalog.hpp"

namespace relevo::route::mysql {

// More than this is not kept: such a server has no snapshot.
inline constexpr std::size_t catalog_bytes_max = std::size_t{64} << 20;

// Who is asked what a name means: a Catalog, or whoever makes one.
class Names {
 public:
  virtual ~Names() = default;
  // 0: none of that name is known of.
  virtual SchemaId schema(std::string_view name) const = 0;
  // In the catalogue's spelling. Every schema's if `every`.
  virtual Finding function(std::string_view name, SchemaId schema, bool every) const = 0;
  virtual Finding relation(std::string_view name, SchemaId schema, bool every) const = 0;
  // Functions of libraries: no schema is theirs, and they go before stored ones.
  virtual Finding loadable(std::string_view name) const = 0;
  virtual bool any_relation() const = 0;
  virtual bool folds_names() const = 0;
};

class Catalog final : public Names {
 public:
  // Null when it would be larger than catalog_bytes_max.
  static std::shared_ptr<const Catalog> build(const model::MysqlCatalogRows& rows);

  SchemaId schema(std::string_view name) const override;
  Finding function(std::string_view name, SchemaId schema, bool every) const override {
    return find(functions_, name, schema, every);
  }
  Finding relation(std::string_view name, SchemaId schema, bool every) const override {
    return find(relations_, name, schema, every);
  }
  Finding loadable(std::string_view name) const override;
  bool any_relation() const override { return !relations_.empty(); }
  bool folds_names() const override { return folds_names_; }
  // What takes from sequences unseen.
  const Takers& takers() const { return takers_; }

  // "view app.v calls function app.f, which changes data (INSERT)"
  std::string describe(ObjectId object) const;

  std::size_t bytes() const { return bytes_; }

 private:
  friend class CatalogBuilder;
  struct Object {
    std::string name;  // "function app.f", "view app.v"
    std::string why;   // "is in memory"; "" if that is `next`
    ObjectId next = 0;
  };
  static Finding find(const NameIndex& index, std::string_view name, SchemaId schema, bool every);

  NameIndex functions_, relations_, loadable_;
  std::vector<Object> objects_;       // [0] is none
  std::vector<std::string> schemas_;  // sorted; their numbers begin at 1
  Takers takers_;
  bool folds_names_ = false;
  std::size_t bytes_ = 0;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

// A name in the catalogue's spelling.
class SpelledName {
 public:
  // `text` without its quotes. False for a name that cannot be compared: one with
  // quotes in it, or in other letters than ASCII where `fold` has to fold them or
  // they may be of another character set.
  bool spell(std::string_view text, bool fold, bool utf8);
  std::string_view text() const { return text_; }

 private:
  static constexpr std::size_t bytes_max = 64 * 4;
  std::array<char, bytes_max> folded_;
  std::string_view text_;
};

}  // namespace relevo::route::mysql

namespace relevo::route {

// What names mean to a session: a snapshot with the database in use. Immutable; what
// was classified with one is classified anew with another.
struct MysqlNaming {
  std::uint64_t id = 0;                 // unique in this process
  const mysql::Names* names = nullptr;  // null: nothing is known
  mysql::CatalogPtr catalog;            // that `names` is, or none
  SchemaId schema = 0;                  // the database in use; 0: none, or one of no interest
  bool every_schema = false;            // it is not known which database is in use
  bool utf8 = true;                     // other letters than ASCII compare

  bool suspect() const { return names == nullptr; }
  std::string_view doubt() const;  // why nothing is known by it
};

// Nothing is known by these, so that what names anything in the database is no read: what
// is there may have changed a moment ago, or has not been read at all.
extern const MysqlNaming suspect_mysql_naming, unknown_mysql_naming;
inline constexpr std::uint64_t mysql_naming_id_min = 3;  // ids of others begin here; 0 is none

// `database`: null: it is not known.
MysqlNaming make_mysql_naming(mysql::CatalogPtr catalog, const std::string* database, bool utf8,
                              std::uint64_t id);

}  // namespace relevo::route
