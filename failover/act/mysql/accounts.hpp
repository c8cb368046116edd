// What a server's catalogue says of the accounts that a user name stands for, one
// entry for each host pattern and each way to log in.
//
// MySQL: mysql.user. https://dev.mysql.com/doc/refman/8.4/en/grant-tables.html
// MariaDB: mysql.global_priv, whose JSON also has further ways to log in (auth_or).
// https://mariadb.com/kb/en/mysqlglobal_priv-table/
//
// Pure functions. Secrets travel as hexadecimal digits: caching_sha2_password's
// salt is bytes, not text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failover/act/settings.hpp"
#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"
#include "topology/model/result.hpp"

namespace relevo::act::mysql {

std::string account_query(model::Flavor flavor, std::string_view user);

// Reads an answer to account_query(). Fails (code "protocol") on anything that is not one.
Result<std::vector<AccountSecret>> read_accounts(const client::Rows& rows);

}  // namespace relevo::act::mysql
