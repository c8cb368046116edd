#include "proxy/session/mysql/session_state.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/session/mysql/token.hpp"
#include "proxy/wire/mysql/charset.hpp"

namespace relevo::session::mysql {

using route::EffectKind;
using wire::mysql::Command;

namespace {

constexpr std::string_view routing_variable = "relevo_target";

const std::string* find(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : &found->second;
}

const std::string* reported(const Outcome& outcome, std::string_view name) {
  const auto found = std::find_if(outcome.variables.begin(), outcome.variables.end(),
                                  [&](const auto& one) { return one.first == name; });
  return found == outcome.variables.end() ? nullptr : &found->second;
}

// A bare word or a string of one, as SQL has it: utf8mb4, 'utf8mb4'.
std::string_view word_of(std::string_view sql) {
  while (!sql.empty() && sql.back() == ' ') sql.remove_suffix(1);
  const bool quoted =
      sql.size() >= 2 && sql.front() == sql.back() && (sql[0] == '\'' || sql[0] == '"');
  if (quoted) sql = sql.substr(1, sql.size() - 2);
  return is_word(sql) ? sql : std::string_view{};
}

// Names go into SQL of our own as they are. `.`: behind a component's name.
bool is_variable_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '.') return false;
  return name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) { return c == '.' || is_word({&c, 1}); });
}

bool is_default(std::string_view sql) { return fold_variable_name(word_of(sql)) == "default"; }

bool contains_mode(std::string_view modes, std::string_view mode) {
  return fold_variable_name(modes).find(fold_variable_name(mode)) != std::string::npos;
}

void erase(Variables& variables, std::string_view name) {
  if (const auto found = variables.find(name); found != variables.end()) variables.erase(found);
}

void erase_charsets(Variables& variables) {
  for (const std::string_view name : {"character_set_client", "character_set_results",
                                      "character_set_connection", "collation_connection"}) {
    erase(variables, name);
  }
}

bool runs_statements(Command command) {
  return command == Command::query || command == Command::stmt_execute ||
         command == Command::stmt_bulk_execute;
}

}  // namespace

// One reply's consequences: what its text says, corrected by what the server says.
class SessionState::Update {
 public:
  Update(SessionState& session, const Outcome& outcome)
      : session_(session), outcome_(outcome), data_(*session.state_) {}

  void apply(const OwnedEffect& effect);
  void apply_trackers();
  StateData take() { return std::move(data_); }

 private:
  void assign(const OwnedEffect& effect);
  void assign_user(const OwnedEffect& effect);
  void set_names(const OwnedEffect& effect);
  void unsure(std::string_view name);
  void adopt(std::string_view name);  // what the tracker says, or ask

  SessionState& session_;
  const Outcome& outcome_;
  StateData data_;
  std::vector<std::string> told_;  // names that a text spoke of
};

void SessionState::Update::unsure(std::string_view name) {
  if (!is_variable_name(name)) return session_.pins_.add(Pin::variables);
  auto& names = session_.unsure_;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

void SessionState::Update::adopt(std::string_view name) {
  told_.emplace_back(name);
  const std::string* value = reported(outcome_, name);
  if (value != nullptr && is_variable_name(name)) {
    data_.system.insert_or_assign(std::string(name), assignment_of(name, *value));
  } else {
    unsure(name);
  }
}

void SessionState::Update::assign(const OwnedEffect& effect) {
  const std::string name = fold_variable_name(effect.name);
  told_.push_back(name);
  switch (following(name)) {
    case Following::pins:
    case Following::blinds:
      return session_.pins_.add(Pin::variables);
    case Following::ignored:
      return;
    case Following::replay:
      break;
  }
  // A collation sets its character set along with it, and the other way round.
  if (name == "collation_connection") erase(data_.system, "character_set_connection");
  if (name == "character_set_connection") erase(data_.system, "collation_connection");
  adopt(name);
}

void SessionState::Update::assign_user(const OwnedEffect& effect) {
  const std::string name = fold_variable_name(effect.name);
  const bool routing = name == routing_variable || name == token_variable;
  const auto value = effect.kind == EffectKind::set_user_variable && is_plain_ascii(name)
                         ? portable_literal(effect.value, session_.literal_context())
                         : std::nullopt;
  if (name == routing_variable) {
    session_.routing_target_ = fold_variable_name(word_of(effect.value));
  } else if (routing) {
    session_.routing_token_ = token_text(effect.kind, effect.value);
  }
  if (!value) {
    erase(data_.user, name);
    // Nobody but us reads it.
    if (!routing) session_.pins_.opaque_variable(name);
    return;
  }
  data_.user.insert_or_assign(name, *value);
  session_.pins_.known_variable(name);
}

void SessionState::Update::set_names(const OwnedEffect& effect) {
  const std::string_view charset = word_of(effect.name);
  const std::string_view collation = word_of(effect.value);
  told_.insert(told_.end(), {"character_set_client", "character_set_results",
                             "character_set_connection", "collation_connection"});
  erase_charsets(data_.system);
  if (charset.empty() || is_default(effect.name)) return;
  const std::string value = quote_text(fold_variable_name(charset));
  data_.system.insert_or_assign("character_set_client", value);
  data_.system.insert_or_assign("character_set_results", value);
  if (effect.kind == EffectKind::set_charset) {
    unsure("collation_connection");  // that of the schema
  } else if (collation.empty() || is_default(collation)) {
    data_.system.insert_or_assign("character_set_connection", value);
  } else {
    data_.system.insert_or_assign("collation_connection",
                                  quote_text(fold_variable_name(collation)));
  }
}

void SessionState::Update::apply(const OwnedEffect& effect) {
  switch (effect.kind) {
    case EffectKind::set:
    case EffectKind::set_computed:
      return assign(effect);
    case EffectKind::reset:
      if (effect.name == "names" || effect.name == "character set") {
        return set_names({EffectKind::set_names, "default", {}});
      }
      told_.push_back(fold_variable_name(effect.name));
      return erase(data_.system, told_.back());
    case EffectKind::set_names:
    case EffectKind::set_charset:
      return set_names(effect);
    case EffectKind::set_transaction:
      // The two databases call the variables by different names: the server says which.
      for (const auto& [name, value] : outcome_.variables) {
        if (name.starts_with("tx_") || name.starts_with("transaction_")) adopt(name);
      }
      return;
    case EffectKind::set_user_variable:
    case EffectKind::set_user_computed:
      return assign_user(effect);
    default:
      return;  // the pins' business, or the trackers'
  }
}

void SessionState::Update::apply_trackers() {
  if (outcome_.schema) data_.schema = *outcome_.schema;
  for (const auto& [name, value] : outcome_.variables) {
    if (std::find(told_.begin(), told_.end(), name) != told_.end()) continue;
    if (following(name) != Following::replay) continue;
    const std::string* known = find(data_.system, name);
    if (known != nullptr && *known == assignment_of(name, value)) continue;
    // Nothing in the text speaks of it: a routine did it, or SET STATEMENT for the
    // time of one statement, of which MariaDB reports values that are gone again.
    unsure(name);
  }
}

void SessionState::on_done(StateTable& table, const Done& done) {
  switch (done.command) {
    case Command::reset_connection:
      if (!done.outcome.failed) on_reset(table, true);
      return;
    case Command::set_option:
      if (!done.outcome.failed) pins_.add(Pin::variables);
      return;
    default:
      break;
  }
  if (runs_statements(done.command)) {
    diagnostics_.on_reply(done.meaning, done.outcome);
    // What the OK of many executions counts need not be what the last one left.
    if (done.command == Command::stmt_bulk_execute) diagnostics_.forget_counts();
    if (done.outcome.failed) {
      pins_.apply_failed(done.meaning);
    } else {
      pins_.apply(done.meaning);
    }
  } else {
    diagnostics_.on_command(done.outcome);
  }
  const bool plain =
      done.meaning.effects == nullptr && done.outcome.variables.empty() && !done.outcome.schema;
  if (plain) return;
  Update update(*this, done.outcome);
  // Of a text that failed part of the way only the server's word counts.
  if (done.meaning.effects != nullptr && !done.outcome.failed) {
    for (const OwnedEffect& effect : *done.meaning.effects) update.apply(effect);
  }
  update.apply_trackers();
  StateData data = update.take();
  if (data != *state_) state_ = table.intern(std::move(data));
}

std::string SessionState::ask_sql() const {
  std::string sql;
  for (const std::string& name : unsure_) {
    sql += sql.empty() ? "SELECT @@" : ",@@";
    sql += name;
  }
  return sql;
}

void SessionState::on_answer(StateTable& table, const std::vector<std::string>& values) {
  StateData data = *state_;
  for (std::size_t i = 0; i < unsure_.size() && i < values.size(); ++i) {
    if (unsure_[i] == "collation_connection") erase(data.system, "character_set_connection");
    data.system.insert_or_assign(unsure_[i], assignment_of(unsure_[i], values[i]));
  }
  unsure_.clear();
  state_ = table.intern(std::move(data));
}

void SessionState::on_reset(StateTable& table, bool keeps_schema) {
  StateData data = *login_;
  if (keeps_schema) data.schema = state_->schema;
  state_ = table.intern(std::move(data));
  pins_.reset();
  diagnostics_.reset();
  sequences_.clear();
  unsure_.clear();
  routing_target_.clear();
  routing_token_.clear();
}

void SessionState::on_login(State login) {
  login_ = login;
  state_ = std::move(login);
  pins_.reset();
  diagnostics_.reset();
  sequences_.clear();
  unsure_.clear();
  routing_target_.clear();
  routing_token_.clear();
}

route::MysqlDialect SessionState::dialect(route::MysqlDialect server) const {
  route::MysqlDialect dialect = server;
  if (const std::string* modes = find(state_->system, "sql_mode")) {
    dialect.ansi_quotes = contains_mode(*modes, "ANSI_QUOTES");
    dialect.no_backslash_escapes = contains_mode(*modes, "NO_BACKSLASH_ESCAPES");
  }
  if (const std::string* charset = find(state_->system, "character_set_client")) {
    static constexpr std::array multibyte = {std::string_view("big5"), std::string_view("cp932"),
                                             std::string_view("gb18030"), std::string_view("gbk"),
                                             std::string_view("sjis")};
    const std::string_view word = word_of(*charset);
    dialect.ascii_in_multibyte =
        std::find(multibyte.begin(), multibyte.end(), word) != multibyte.end();
    if (is_number(*charset)) {
      wire::mysql::CollationId number = 0;
      const char* const last = charset->data() + charset->size();
      const auto [end, wrong] = std::from_chars(charset->data(), last, number);
      const bool known = wrong == std::errc() && end == last;
      dialect.ascii_in_multibyte =
          !known || !wire::mysql::is_ascii_safe(wire::mysql::charset_of(number));
    }
  }
  return dialect;
}

bool SessionState::utf8_names() const {
  const std::string* charset = find(state_->system, "character_set_client");
  if (charset == nullptr) return false;
  if (!is_number(*charset)) return word_of(*charset).starts_with("utf8");
  wire::mysql::CollationId number = 0;
  const char* const last = charset->data() + charset->size();
  const auto [end, wrong] = std::from_chars(charset->data(), last, number);
  return wrong == std::errc() && end == last &&
         wire::mysql::charset_of(number) == wire::mysql::Charset::utf8mb4;
}

LiteralContext SessionState::literal_context() const {
  const Variables& system = state_->system;
  const route::MysqlDialect here = dialect(server_dialect_);
  LiteralContext context{.no_backslash_escapes = here.no_backslash_escapes,
                         .ansi_quotes = here.ansi_quotes,
                         .charset = {},
                         .collation = {}};
  const std::string* client = find(system, "character_set_client");
  if (client == nullptr || here.ascii_in_multibyte) return context;
  const std::string_view charset = word_of(*client);
  std::string_view collation;
  if (const std::string* set = find(system, "collation_connection")) {
    collation = word_of(*set);
    // utf8mb4_bin is of utf8mb4; the collation binary of the set of that name.
    if (collation.substr(0, collation.find('_')) != charset) return context;
  } else if (const std::string* set_charset = find(system, "character_set_connection")) {
    if (*set_charset != *client) return context;
  } else {
    return context;
  }
  // A number stands for a name that we don't know.
  if (is_number(charset)) return context;
  context.charset = charset;
  context.collation = collation;
  return context;
}

}  // namespace relevo::session::mysql
