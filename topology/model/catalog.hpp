// One PostgreSQL database's catalogue, row by row, as far as routing must know it:
// what was read, before anybody has judged it. proxy/route/postgres/catalog.hpp
// makes the snapshot of it that statements are classified by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relevo::model {

using Oid = std::uint32_t;

// Objects of a user's own begin at this oid (FirstNormalObjectId).
inline constexpr Oid first_user_oid = 16384;

// What an object's definition refers to: `f` a function, `o` an operator, `r` a
// relation, `t` a type that a value is made of; of a type besides `c` the function of
// a cast to it, `i` of an implicit one.
struct CatalogUse {
  char kind = 'f';
  Oid oid = 0;
};

struct CatalogRows {
  struct Schema {
    Oid oid = 0;
    std::string name;
  };
  struct Function {
    Oid oid = 0, schema = 0;
    std::string name;
    char kind = 'f';        // pg_proc.prokind: function, aggregate, window, procedure
    char volatility = 'v';  // immutable, stable, volatile
    bool of_row = false;    // may be called as a column is named: row.name
    // Of an aggregate its support functions; of any, what its arguments' defaults call,
    // and the user's own types that it takes and gives.
    std::vector<CatalogUse> uses;
  };
  struct Relation {
    Oid oid = 0, schema = 0;
    std::string name;
    char kind = 'r';         // pg_class.relkind
    char persistence = 'p';  // permanent, unlogged, temporary
    // What a view's query calls and reads, a table's policies, its partitions.
    std::vector<CatalogUse> uses;
  };
  struct Operator {
    Oid oid = 0, schema = 0;
    std::string name;
    Oid function = 0;
  };
  // A type that calls something when a value is converted to it: by a cast of a
  // user's own, or a domain's constraints, its own or of what it is made of.
  struct Conversion {
    Oid oid = 0, schema = 0;
    std::string type;
    std::vector<CatalogUse> uses;
  };
  // A family of operators that ORDER BY, GROUP BY, DISTINCT, IN and joins compare
  // values with, as far as a user has made it.
  struct Comparison {
    Oid schema = 0;
    std::string name;
    std::vector<CatalogUse> uses;
  };
  // ALTER ROLE, ALTER DATABASE ... SET search_path; "" and false: for all.
  struct PathSetting {
    std::string role;
    bool of_database = false;
    std::string value;
    bool operator==(const PathSetting&) const = default;
  };

  std::vector<Schema> schemas;
  std::vector<Function> functions;
  std::vector<Relation> relations;
  std::vector<Operator> operators;
  std::vector<Conversion> conversions;
  std::vector<Comparison> comparisons;
  std::vector<PathSetting> path_settings;
  std::optional<std::string> server_path;  // search_path of the server's own configuration
  bool utf8 = false;                       // the database's encoding
};

}  // namespace relevo::model
