#include "proxy/route/token.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proxy/route/shape.hpp"

namespace relevo::route {
namespace {

constexpr std::size_t token_bytes_max = 64 * 1024;
// A statement that asks for a token is no longer than this, but for its comments.
constexpr std::size_t asking_bytes_max = 100;

constexpr std::uint64_t page_bytes = 8192;
constexpr std::uint64_t header_bytes = 24;          // of a page
constexpr std::uint64_t segment_header_bytes = 40;  // of a segment's first page

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string_view take_part(std::string_view& rest) {
  const std::size_t colon = rest.find(':');
  const std::string_view part = rest.substr(0, colon);
  rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  return part;
}

// Positions within a page header are taken back to its start, as the monitor does with
// those that it reads (Lsn::normalized).
std::uint64_t before_header(std::uint64_t lsn, std::uint64_t in_segment) {
  if (in_segment <= segment_header_bytes) return lsn - in_segment;
  const std::uint64_t in_page = in_segment % page_bytes;
  return in_page <= header_bytes ? lsn - in_page : lsn;
}

std::optional<Token> parse_postgres(std::string_view rest) {
  if (rest.ends_with(':')) return std::nullopt;
  const auto timeline = number(take_part(rest), 16);
  const auto lsn = model::Lsn::parse(take_part(rest));
  const auto in_segment = number(take_part(rest), 10);
  if (!timeline || !lsn || !in_segment || !rest.empty()) return std::nullopt;
  if (*timeline == 0 || *timeline > UINT32_MAX || *in_segment > lsn->value) return std::nullopt;
  return Token{.position = model::Position(model::Lsn{before_header(lsn->value, *in_segment)}),
               .timeline = static_cast<std::uint32_t>(*timeline)};
}

// Cheap enough for every statement: nearly none has the word in it.
bool may_ask(std::string_view sql) {
  if (sql.size() > asking_bytes_max) return false;
  // One letter of "token" is rarer than the rest, and quickly looked for.
  if (sql.find('k') == sql.npos && sql.find('K') == sql.npos) return false;
  constexpr std::string_view word = "relevo";
  const auto found = std::search(sql.begin(), sql.end(), word.begin(), word.end(),
                                 [](char a, char b) { return (a | 0x20) == b; });
  return found != sql.end();
}

}  // namespace

std::optional<Token> parse_token(std::string_view text, model::Engine engine) {
  if (text.size() > token_bytes_max) return std::nullopt;
  const std::string_view kind = take_part(text);
  if (engine == model::Engine::postgres) {
    return kind == "pg" ? parse_postgres(text) : std::nullopt;
  }
  // A server that has written nothing is at no GTID.
  if (kind == "mysql") {
    if (text.empty()) return Token{.position = model::Position(model::GtidSet{})};
    auto set = model::GtidSet::parse(text);
    if (!set || set->empty()) return std::nullopt;
    return Token{.position = model::Position(std::move(*set))};
  }
  if (kind == "mariadb") {
    if (text.empty()) return Token{.position = model::Position(model::MariadbGtid{})};
    auto gtid = model::MariadbGtid::parse(text);
    if (!gtid || gtid->empty()) return std::nullopt;
    return Token{.position = model::Position(std::move(*gtid))};
  }
  return std::nullopt;
}

bool asks_for_token_postgres(std::string_view sql, Dialect dialect) {
  if (!may_ask(sql)) return false;
  const std::string text = shape_text_postgres(sql, dialect);
  return text == "show relevo token" || text == "select relevo . token ( )";
}

bool asks_for_token_mysql(std::string_view sql, MysqlDialect dialect) {
  if (!may_ask(sql)) return false;
  const std::string text = shape_text_mysql(sql, dialect);
  return text == "show relevo token" || text == "select @relevo_token";
}

std::string_view token_sql_postgres() {
  return "SELECT 'pg:' OPERATOR(pg_catalog.||) pg_catalog.substr(f.file_name, 1, 8) "
         "OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) w.lsn::pg_catalog.text "
         "OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) f.file_offset::pg_catalog.text AS "
         "token "
         "FROM (SELECT pg_catalog.pg_current_wal_insert_lsn() AS lsn) AS w, "
         "LATERAL pg_catalog.pg_walfile_name_offset(w.lsn) AS f";
}

std::string_view token_sql_mysql(MysqlServer server) {
  if (server == MysqlServer::mysql) {
    return "SELECT CONCAT('mysql:', REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '')) AS token";
  }
  return "SELECT CONCAT('mariadb:', @@GLOBAL.gtid_binlog_pos) AS token";
}

void ReadAfter::set(Token token) {
  token_ = std::move(token);
  known_.reset();
}

std::optional<model::Instant> ReadAfter::instant(const model::View& view) {
  if (!token_) return std::nullopt;
  if (!known_ && view.primary) {
    // A later timeline than the primary's is one that it knows nothing of.
    const std::uint32_t timeline = view.nodes[*view.primary].timeline;
    const bool unknown_timeline = token_->timeline != 0 && timeline < token_->timeline;
    if (!unknown_timeline && view.primary_position.covers(token_->position)) {
      // Whoever caught up to the sample itself has it.
      known_ = view.primary_sampled - model::Duration(1);
    }
  }
  return known_.value_or(model::Instant::max());
}

}  // namespace relevo::route
