// Whether an account holds a privilege, by its lines of SHOW GRANTS.
// https://dev.mysql.com/doc/refman/8.4/en/show-grants.html
// https://mariadb.com/kb/en/show-grants/
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relevo::doctor {

class Grants {
 public:
  explicit Grants(const std::vector<std::string>& lines);

  // `on`: "*.*", "mysql.user", "performance_schema.*". What is granted on more
  // than that counts as well, ALL PRIVILEGES for any. Either spelling: READ_ONLY ADMIN,
  // READ ONLY ADMIN.
  bool has(std::string_view privilege, std::string_view on) const;
  // On anything at all.
  bool has_anywhere(std::string_view privilege) const;

 private:
  struct Line {
    std::vector<std::string> privileges;
    std::string on;
    bool has(std::string_view wanted) const;
  };
  std::vector<Line> lines_;
};

}  // namespace relevo::doctor
