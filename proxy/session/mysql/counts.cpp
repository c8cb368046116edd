#include "proxy/session/mysql/counts.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/mysql/reader.hpp"
#include "proxy/route/mysql/sequence_name.hpp"
#include "proxy/route/names.hpp"
#include "proxy/session/mysql/lone_call.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/result.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
using route::equals_folded;
using route::mysql::Keyword;
using route::mysql::KeywordClass;
using route::mysql::Lexer;
using route::mysql::Token;
using route::mysql::TokenKind;

namespace {

constexpr std::uint16_t not_null = 1, binary_flag = 128;
constexpr std::uint32_t bigint_length = 21;
constexpr std::size_t alias_bytes_max = 256;  // servers refuse longer ones
constexpr std::size_t depth_max = 256;

using Words = std::string_view[];
// What ends a SELECT's list.
constexpr Words list_ends = {"from",   "into",  "where", "group",     "having",
                             "order",  "limit", "union", "intersect", "except",
                             "window", "for",   "lock",  "procedure", "fetch"};
// What stands ahead of its first item.
constexpr Words modifiers = {
    "all",           "distinct",         "distinctrow",        "high_priority",
    "straight_join", "sql_small_result", "sql_big_result",     "sql_buffer_result",
    "sql_cache",     "sql_no_cache",     "sql_calc_found_rows"};
// First words of what leaves FOUND_ROWS() as it was.
constexpr Words unchanging = {"set",    "use",      "begin",  "start",   "commit",
                              "insert", "rollback", "delete", "replace", "savepoint"};

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::string_view (&words)[Size]) {
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view one) { return equals_folded(word, one); });
}

// As long as the call's own type, so that MariaDB gives the column the same one.
std::string literal_of(std::int64_t value) {
  constexpr std::size_t digits_min = 21;
  std::string digits = std::to_string(value);
  if (value < 0) digits.erase(0, 1);
  if (digits.size() < digits_min) digits.insert(0, digits_min - digits.size(), '0');
  return std::string("CAST('") + (value < 0 ? '-' : '0') + digits + "' AS SIGNED)";
}

const char* end_of(const Token& token) { return token.text.data() + token.text.size(); }

bool is_reserved(const Token& token) {
  return token.kind == TokenKind::word && token.keyword_class == KeywordClass::reserved;
}

// One text, token by token, copied with what replaces the calls.
class Replacement {
 public:
  Replacement(std::string_view sql, route::MysqlDialect dialect, const Counts* counts,
              const LastValues* last_values)
      : counts_(counts),
        last_values_(last_values),
        schema_(last_values != nullptr ? last_values->schema : std::string_view()),
        sql_(sql),
        copied_(sql.data()),
        dialect_(dialect),
        lexer_(sql, dialect) {}

  std::optional<std::string> run();

 private:
  // Between a pair of parentheses, or outside of all of them.
  struct Level {
    bool list = false;            // in a SELECT's list
    bool replaced = false;        // a call in the item at hand
    bool aliased = false;         // ... which has AS
    bool cases = false;           // ... and CASE: its END is no alias
    const char* begin = nullptr;  // of the item; null: it begins with the next token
    Token last, before_last;
  };

  void take(const Token& token);
  bool take_word(const Token& token);
  void begin_statement(const Token& first);
  void end_item();
  void end_list();
  bool replace(const Token& function);
  bool replace_last_value(const Token& word);
  bool put(const char* begin, const Token& last, const std::string& text);
  std::optional<std::int64_t> value_of(std::string_view function) const;
  bool ends_with_alias(const Level& item) const;
  void copy_to(const char* end) { out_.append(std::exchange(copied_, end), end); }
  Level& level() { return levels_.back(); }

  const Counts* const counts_;
  const LastValues* const last_values_;
  std::string_view schema_;  // in use, at this place in the text
  std::string_view sql_;
  const char* copied_;  // up to here
  std::string out_;
  const route::MysqlDialect dialect_;
  Lexer lexer_;
  Token previous_;
  std::vector<Level> levels_{1};
  std::size_t statements_ = 0;
  bool between_ = true;           // no token of the next statement has come
  bool found_rows_stand_ = true;  // up to the statement at hand
  bool unchanged_ = true;         // by the statement at hand
  bool definition_ = false;       // of something that runs later
  bool columns_ = false;          // of a table: defaults are for later, too
  bool any_ = false;
};

std::optional<std::string> Replacement::run() {
  for (;;) {
    const Token token = lexer_.next();
    if (token.kind == TokenKind::invalid || levels_.size() > depth_max) return std::nullopt;
    if (token.kind == TokenKind::end) break;
    take(token);
    previous_ = token;
  }
  end_list();
  if (!any_) return std::nullopt;
  copy_to(sql_.data() + sql_.size());
  return std::move(out_);
}

void Replacement::take(const Token& token) {
  if (token.kind != TokenKind::semicolon && std::exchange(between_, false)) begin_statement(token);
  switch (token.kind) {
    case TokenKind::semicolon:
      end_list();
      levels_.assign(1, {});
      between_ = true;
      return;
    case TokenKind::comma:
      if (level().list) return end_item();
      break;
    case TokenKind::right_paren:
      end_list();
      if (levels_.size() > 1) levels_.pop_back();
      break;
    case TokenKind::word:
      if (previous_.kind != TokenKind::dot && take_word(token)) return;
      [[fallthrough]];
    case TokenKind::quoted_identifier:
      if (previous_.kind == TokenKind::dot && replace_last_value(token)) return;
      break;
    default:
      break;
  }
  Level& here = level();
  if (here.begin == nullptr) here.begin = token.text.data();
  here.before_last = std::exchange(here.last, token);
  if (token.kind == TokenKind::left_paren) levels_.emplace_back();
}

// True: it is no part of an item, or all of it has been dealt with.
bool Replacement::take_word(const Token& token) {
  Level& here = level();
  if (token.is(Keyword::select_)) {
    here = {};
    here.list = true;
    columns_ = false;
    return true;
  }
  if (here.list && here.begin == nullptr && is_one_of(token.text, modifiers)) return true;
  if (here.list && is_one_of(token.text, list_ends)) {
    end_list();
    return true;
  }
  here.aliased |= token.is(Keyword::as_);
  here.cases |= token.is(Keyword::case_);
  return replace(token) || replace_last_value(token);
}

void Replacement::begin_statement(const Token& first) {
  ++statements_;
  Lexer ahead = lexer_;
  Token second = ahead.next();
  if (second.is(Keyword::or_)) {  // CREATE OR REPLACE
    ahead.next();
    second = ahead.next();
  }
  found_rows_stand_ = found_rows_stand_ && unchanged_;
  unchanged_ = is_one_of(first.text, unchanging);
  const bool defines = first.is(Keyword::create_) || first.is(Keyword::alter_);
  columns_ = defines;
  if (first.is(Keyword::use_)) schema_ = route::mysql::unquoted(second.text);
  definition_ = defines && !second.is(Keyword::table_) && !second.is(Keyword::temporary_);
}

std::optional<std::int64_t> Replacement::value_of(std::string_view function) const {
  if (counts_ == nullptr) return std::nullopt;
  if (equals_folded(function, "row_count")) {
    return statements_ == 1 ? std::optional(counts_->row_count) : std::nullopt;
  }
  if (equals_folded(function, "found_rows") && found_rows_stand_) {
    return static_cast<std::int64_t>(counts_->found_rows);
  }
  return std::nullopt;
}

bool Replacement::replace(const Token& function) {
  const auto value = value_of(function.text);
  if (!value || definition_) return false;
  Lexer ahead = lexer_;
  if (ahead.next().kind != TokenKind::left_paren) return false;
  if (ahead.next().kind != TokenKind::right_paren) return false;
  const Token closing = ahead.token();
  lexer_ = ahead;
  return put(function.text.data(), closing, literal_of(*value));
}

// LASTVAL(s), PREVIOUS VALUE FOR s; s.currval, whose name has passed. Whatever runs in
// between, the expression is right: it asks the server, too.
bool Replacement::replace_last_value(const Token& word) {
  if (last_values_ == nullptr || definition_ || columns_) return false;
  std::string_view sequence;
  const char* begin = word.text.data();
  Lexer ahead = lexer_;
  Token last = word;
  if (previous_.kind == TokenKind::dot) {
    if (!equals_folded(route::mysql::unquoted(word.text), "currval")) return false;
    const auto passed = static_cast<std::size_t>(previous_.text.data() - sql_.data());
    sequence = route::mysql::name_at_end(sql_.substr(0, passed));
    begin = sequence.data();
  } else {
    const bool call = equals_folded(word.text, "lastval");
    if (!call && !word.is(Keyword::previous_)) return false;
    if (call && ahead.next().kind != TokenKind::left_paren) return false;
    if (!call && !(ahead.next().is(Keyword::value_) && ahead.next().is(Keyword::for_)))
      return false;
    sequence = route::mysql::name_ahead(ahead);
    while (!sequence.empty() && end_of(last) != sequence.data() + sequence.size()) {
      last = ahead.next();
    }
    if (call) last = ahead.next();
    if (call && last.kind != TokenKind::right_paren) return false;
  }
  if (sequence.empty() || begin < copied_) return false;
  const std::string_view text(begin, static_cast<std::size_t>(end_of(last) - begin));
  const auto key =
      route::mysql::sequence_key(sequence, dialect_, schema_, last_values_->folds_names);
  const auto value = key ? own_value(*last_values_, text, *key) : std::nullopt;
  if (!value) return false;
  lexer_ = ahead;
  return put(begin, last, *value);
}

bool Replacement::put(const char* begin, const Token& last, const std::string& text) {
  copy_to(begin);
  out_ += text;
  copied_ = end_of(last);
  any_ = true;
  for (Level& around : levels_) around.replaced = true;
  Level& here = level();
  if (here.begin == nullptr) here.begin = begin;
  here.before_last = std::exchange(here.last, last);
  return true;
}

// `a b`, where b can be nothing but the column's name.
bool Replacement::ends_with_alias(const Level& item) const {
  if (item.aliased) return true;
  const Token& last = item.last;
  const bool name = last.is_name() || last.kind == TokenKind::string;
  if (!name || is_reserved(last)) return false;
  if (item.cases && last.is(Keyword::end_)) return false;
  switch (item.before_last.kind) {
    case TokenKind::word:
      return !is_reserved(item.before_last) || item.before_last.is(Keyword::end_);
    case TokenKind::right_paren:
    case TokenKind::quoted_identifier:
    case TokenKind::string:
    case TokenKind::number:
    case TokenKind::parameter:
    case TokenKind::user_variable:
    case TokenKind::system_variable:
      return true;
    default:
      return false;
  }
}

void Replacement::end_item() {
  Level& item = level();
  if (item.replaced && item.begin != nullptr && !ends_with_alias(item)) {
    const char* const end = end_of(item.last);
    const std::string_view name(item.begin, static_cast<std::size_t>(end - item.begin));
    if (name.size() <= alias_bytes_max) {
      if (copied_ < end) copy_to(end);
      out_ += " AS `";
      for (const char c : name) out_.append(c == '`' ? 2 : 1, c);
      out_ += '`';
    }
  }
  item = {};
  item.list = true;
}

void Replacement::end_list() {
  if (level().list) end_item();
  level().list = false;
}

}  // namespace

std::optional<CountAnswer> lone_count(std::string_view sql, route::MysqlDialect dialect,
                                      const Counts& counts) {
  auto call = lone_call(sql, dialect);
  if (!call) return std::nullopt;
  if (equals_folded(call->function, "row_count")) {
    return CountAnswer{std::move(call->column), counts.row_count};
  }
  if (equals_folded(call->function, "found_rows")) {
    return CountAnswer{std::move(call->column), static_cast<std::int64_t>(counts.found_rows)};
  }
  return std::nullopt;
}

void append_count(std::string& out, const CountAnswer& answer, bool binary,
                  wire::Capabilities client, wire::StatusFlags status) {
  wire::Writer writer(out, 1);
  wire::encode_column_count(writer, {.columns = 1, .definitions_follow = true}, client);
  wire::Column definition;
  definition.name = answer.column;
  definition.collation = wire::binary;
  definition.type = wire::FieldType::longlong;
  definition.length_max = bigint_length;
  definition.flags = not_null | binary_flag;
  wire::encode_column(writer, definition, client);
  if (!client.has(wire::Capability::deprecate_eof)) {
    wire::encode_eof(writer, {.warnings = 0, .status = status});
  }
  writer.begin();
  if (binary) {
    writer.zeros(2);  // a row; no value of it is NULL
    writer.u64(static_cast<std::uint64_t>(answer.value));
  } else {
    writer.lenenc_string(std::to_string(answer.value));
  }
  writer.end();
  wire::encode_end(writer, {.of_rows = true, .ok = {.status = status}}, client);
}

std::optional<std::string> with_counts(std::string_view sql, route::MysqlDialect dialect,
                                       const Counts* counts, const LastValues* last_values) {
  return Replacement(sql, dialect, counts, last_values).run();
}

}  // namespace relevo::session::mysql
