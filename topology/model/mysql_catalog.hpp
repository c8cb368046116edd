// What a MySQL or MariaDB server's catalogue says of its stored functions, views and
// tables, as far as routing must know it: what was read, before anybody has judged
// it. proxy/route/mysql/catalog.hpp makes the snapshot of it that statements are
// classified by.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::model {

// Engines whose tables have the same rows on every node, in lower case.
inline constexpr std::array<std::string_view, 11> replicated_engines = {
    "innodb", "myisam",     "aria",   "rocksdb",    "columnstore", "archive",
    "csv",    "ndbcluster", "tokudb", "mrg_myisam", "mroonga",
};

struct MysqlCatalogRows {
  struct Function {
    std::string schema, name;
    std::string data_access;  // "READS SQL DATA", "CONTAINS SQL", ...
    std::string sql_mode;     // of its definition
    bool in_sql = true;       // not in another language
    // Its body; none where the monitor may not see it, or where it is very long.
    std::optional<std::string> body;
  };
  struct View {
    std::string schema, name;
    std::optional<std::string> query;  // likewise
  };
  // One that is not like others: a sequence, or of an engine that does not replicate.
  struct Table {
    std::string schema, name;
    std::string type, engine;  // "SEQUENCE", "MEMORY"
  };

  // What may run unseen when something of this name is used: a column's DEFAULT, a
  // trigger's body (the name is its table's), a procedure. Of MariaDB servers with
  // sequences alone.
  struct Definition {
    std::string schema, name;
    std::optional<std::string> text;  // likewise
  };

  std::string version;  // "10.11.6-MariaDB", "8.4.3"
  bool mariadb = false;
  bool folds_names = false;  // lower_case_table_names: of schemas and tables
  std::vector<Function> functions;
  std::vector<View> views;
  std::vector<Table> tables;
  std::vector<Definition> definitions;
  std::vector<std::string> loadable;  // functions out of libraries
};

}  // namespace relevo::model
