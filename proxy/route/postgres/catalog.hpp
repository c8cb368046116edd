// What a database's catalogue says about names in statements: an immutable
// snapshot, asked by the classifier at each call, operator and relation.
//
// Invariant: a name is harmless only if everything that it could mean is. The
// text shows no argument types, and the server passes over schemas that the user
// may not use, so of all that bear the name in any schema of the search_path the
// worst one counts; the order of the path does not matter. Where the path is not
// known, every schema of the database is in it.
//
// What objects call in their turn (a view's query, a policy, an aggregate's
// functions, an argument's default, an operator) is followed when the snapshot is
// built: a look-up afterwards is one probe of a hash table, without allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/name_index.hpp"
#include "topology/model/catalog.hpp"

namespace relevo::route::postgres {

// More than this is not kept: such a database has no snapshot.
inline constexpr std::size_t catalog_bytes_max = std::size_t{64} << 20;

class Catalog {
 public:
  // Null when it would be larger than catalog_bytes_max.
  static std::shared_ptr<const Catalog> build(const model::CatalogRows& rows);

  const NameIndex& functions() const { return functions_; }
  const NameIndex& relations() const { return relations_; }
  const NameIndex& operators() const { return operators_; }
  // Types whose conversion calls something, functions that a column's name may call.
  const NameIndex& hidden_calls() const { return hidden_calls_; }
  // The operator that LIKE, IN, BETWEEN and the like stand for, or an implicit
  // cast: there is no telling from a text whether it is called.
  ObjectId always_refused() const { return always_refused_; }

  model::Oid schema(std::string_view name) const;  // 0: none of that name
  model::Oid pg_catalog() const { return pg_catalog_; }
  bool utf8() const { return utf8_; }

  // Whether sessions that set no search_path have the same as by the other one.
  bool same_default_paths(const Catalog& other) const {
    return path_settings_ == other.path_settings_ && server_path_ == other.server_path_;
  }
  // What `role` has as its search_path if it sets none; false: not known.
  bool default_path(std::string_view role, std::string& path) const;

  // "view v calls f, which is volatile"
  std::string describe(ObjectId object) const;

  std::size_t bytes() const { return bytes_; }

 private:
  friend class CatalogBuilder;
  enum class Cause : std::uint8_t {
    is_volatile,
    is_procedure,
    is_shipped,  // writes, or belongs to one server
    is_local,    // shows what belongs to one server
    is_unlogged,
    is_foreign,
    is_sequence,
    is_unknown,
    is_deep,
    calls,  // `next`
  };
  struct Object {
    std::string name;  // "function f", "view v"
    Cause cause = Cause::is_unknown;
    ObjectId next = 0;
  };

  NameIndex functions_, relations_, operators_, hidden_calls_;
  ObjectId always_refused_ = 0;
  std::vector<Object> objects_;                              // [0] is none
  std::vector<std::pair<std::string, model::Oid>> schemas_;  // sorted
  model::Oid pg_catalog_ = 0;
  std::vector<model::CatalogRows::PathSetting> path_settings_;
  std::optional<std::string> server_path_;
  bool utf8_ = false;
  std::size_t bytes_ = 0;
};
using CatalogPtr = std::shared_ptr<const Catalog>;

// How names are resolved for some session: the snapshot with a search_path.
// Immutable; what was classified with one is classified anew with another.
struct Naming {
  std::uint64_t id = 0;  // unique in this process
  CatalogPtr catalog;    // null: nothing is known
  bool every_schema = true;
  std::vector<model::Oid> schemas;  // of the path, pg_catalog among them; none if every_schema
  bool utf8 = true;                 // client and database: other bytes than ASCII compare

  bool suspect() const { return catalog == nullptr; }
  std::string_view doubt() const;  // why nothing is known by it
  bool in_path(model::Oid schema) const;
};

// Nothing is known by these, and so nothing is a read: what is there may have changed a
// moment ago, or has not been read at all.
extern const Naming suspect_naming, unknown_naming;
inline constexpr std::uint64_t naming_id_min = 3;  // ids of others begin here; 0 is none at all

Finding find_in_path(const Naming& naming, const NameIndex& index, std::string_view name);

// A search_path's schemas as its setting has them: `"$user", public, 'a b'`.
// False when it cannot be read as a list of names.
bool parse_search_path(std::string_view path, std::vector<std::string>& schemas);

// Whose names, and how they are written.
struct NamingOwner {
  std::string_view login;   // whose default search_path it is
  std::string_view acting;  // who "$user" is; "": not known
  bool client_utf8 = true;
  bool default_path_known = true;
};
// `path`: as the session has set it; null: it has not.
Naming make_naming(CatalogPtr catalog, const std::string* path, const NamingOwner& owner,
                   std::uint64_t id);

}  // namespace relevo::route::postgres
