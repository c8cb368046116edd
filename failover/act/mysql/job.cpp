// What the scripts of MySQL and MariaDB share.
#include <utility>

#include "failover/act/mysql/jobs.hpp"

namespace relevo::act::mysql {

void MysqlJob::begin(model::NodeId id, ThenStatus then) {
  connect(id, [this, then = std::move(then)] {
    // Literals as dialect.hpp writes them; no lock waited for longer than a second.
    attempt("SET SESSION sql_mode = '', lock_wait_timeout = 1", [this, then] {
      read_status([this, then](const model::NodeStatus& status) {
        dialect_ = Dialect(status.flavor, status.version);
        then(status);
      });
    });
  });
}

void MysqlJob::read_semi_sync(std::function<void(const Variables&)> then) {
  read("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'",
       [then = std::move(then)](const client::Rows& rows) {
         Variables variables;
         for (const auto& row : rows.rows) {
           if (row.size() == 2 && row[0] && row[1]) variables.emplace_back(*row[0], *row[1]);
         }
         then(variables);
       });
}

void MysqlJob::switch_semi_sync(bool as_primary, Then then) {
  read_semi_sync([this, as_primary, then = std::move(then)](const Variables& variables) {
    const auto found = semi_sync_switches(variables);
    if (!found.on || found.primary.empty() || found.replica.empty()) return then();
    // A replica that waits for acknowledgements of its own would stop applying.
    const auto on = as_primary ? found.primary : found.replica;
    const auto off = as_primary ? found.replica : found.primary;
    change("SET GLOBAL " + off + " = 0",
           [this, on, then] { change("SET GLOBAL " + on + " = 1", then); });
  });
}

}  // namespace relevo::act::mysql
