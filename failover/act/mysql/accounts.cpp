#include "failover/act/mysql/accounts.hpp"

#include <optional>

#include "failover/act/mysql/dialect.hpp"

namespace relevo::act::mysql {
namespace {

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit(text[i]);
    const auto low = digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
  }
  return bytes;
}

// Roles have no log-in. An entry without a plugin is of a time before plugins.
constexpr std::string_view mariadb_query =
    "SELECT Host, coalesce(JSON_VALUE(Priv, CONCAT(at, '.plugin')), 'mysql_native_password'),"
    " HEX(coalesce(JSON_VALUE(Priv, CONCAT(at, '.authentication_string')), '')),"
    " coalesce(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true'),"
    " coalesce(JSON_VALUE(Priv, '$.password_last_changed'), '') = '0'"
    " FROM mysql.global_priv,"
    " (SELECT '$' AS at UNION ALL SELECT '$.auth_or[0]' UNION ALL SELECT '$.auth_or[1]'"
    "  UNION ALL SELECT '$.auth_or[2]' UNION ALL SELECT '$.auth_or[3]') AS ways"
    " WHERE coalesce(JSON_VALUE(Priv, '$.is_role'), '0') NOT IN ('1', 'true')"
    " AND (at = '$' OR JSON_VALUE(Priv, CONCAT(at, '.plugin')) IS NOT NULL)"
    " AND User = ";

constexpr std::string_view mysql_query =
    "SELECT Host, plugin, HEX(authentication_string), account_locked = 'Y',"
    " password_expired = 'Y' FROM mysql.user WHERE User = ";

}  // namespace

std::string account_query(model::Flavor flavor, std::string_view user) {
  std::string sql(flavor == model::Flavor::mariadb ? mariadb_query : mysql_query);
  return sql + quote_literal(user);
}

Result<std::vector<AccountSecret>> read_accounts(const client::Rows& rows) {
  std::vector<AccountSecret> accounts;
  for (const auto& row : rows.rows) {
    if (row.size() != 5) return fail("protocol", "the catalogue's answer has another shape");
    for (const auto& value : row) {
      if (!value) return fail("protocol", "the catalogue's answer lacks a value");
    }
    auto secret = unhex(*row[2]);
    if (!secret) return fail("protocol", "the catalogue's secret is not hexadecimal");
    accounts.push_back({.host = *row[0],
                        .plugin = *row[1],
                        .authentication_string = std::move(*secret),
                        .locked = *row[3] == "1",
                        .expired = *row[4] == "1"});
  }
  return accounts;
}

}  // namespace relevo::act::mysql
