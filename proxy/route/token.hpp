// Consistency tokens: what one session has written, told as a string that another
// session, on another Relevo, may present to read no older than that.
//
// A token is a position of the primary, asked of it when the token is: whatever was
// acknowledged before is at or before it. A session that presents one may read from a
// replica once the monitor knows an instant at which the primary had that position, and
// the replica has replayed what the primary had then: the same measure as for the
// session's own writes (NodeView::caught_up_to), so that it costs nothing per query.
// Until then, or if the cluster never gets there, its reads go to the primary.
//
//   "pg:00000002:16/B374D848:3659848"   timeline, LSN, its place in the segment
//   "mysql:GTID set"   "mariadb:GTID position"
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/route/statement.hpp"
#include "topology/model/position.hpp"
#include "topology/model/view.hpp"

namespace relevo::route {

struct Token {
  model::Position position;
  std::uint32_t timeline = 0;  // PostgreSQL only
};

// nullopt: not a token, or not of this engine and flavor.
std::optional<Token> parse_token(std::string_view text, model::Engine engine);

// SHOW RELEVO TOKEN, SELECT relevo.token() (MySQL: SELECT @relevo_token), by itself.
bool asks_for_token_postgres(std::string_view sql, Dialect dialect);
bool asks_for_token_mysql(std::string_view sql, MysqlDialect dialect);

// What the primary is asked instead: one row, one column `token`.
std::string_view token_sql_postgres();
std::string_view token_sql_mysql(MysqlServer server);

// What a session presented.
class ReadAfter {
 public:
  void set(Token token);
  void clear() { token_.reset(); }
  // A replica that caught up to a later instant has what the token stands for. max():
  // none is known to. nullopt: there is no token.
  std::optional<model::Instant> instant(const model::View& view);

 private:
  std::optional<Token> token_;
  std::optional<model::Instant> known_;
};

}  // namespace relevo::route
