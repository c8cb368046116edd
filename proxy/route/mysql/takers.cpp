#include "proxy/route/mysql/takers.hpp"

#include <algorithm>
#include <set>

#include "proxy/route/mysql/reader.hpp"
#include "proxy/route/mysql/sequence_name.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

constexpr int links_max = 32;  // a trigger that writes to a table with a trigger that ...

void fold_into(std::string& folded, std::string_view name) {
  folded.assign(name);
  std::ranges::transform(folded, folded.begin(), to_lower);
}

struct Definition {
  std::string name;
  std::set<std::string> sequences, names;

  void read(std::string_view text, std::string_view schema, MysqlDialect dialect, bool folds);
};

// What is behind NEXTVAL( and NEXT VALUE FOR, or ahead of .nextval; empty: nothing is.
std::string_view taken_at(const Token& token, const Token& previous, const Lexer& lexer,
                          std::string_view text) {
  Lexer ahead = lexer;
  if (token.is(Keyword::value_) && previous.is(Keyword::next_)) {
    return ahead.next().is(Keyword::for_) ? name_ahead(ahead) : std::string_view{};
  }
  if (!equals_folded(unquoted(token.text), "nextval")) return {};
  if (previous.kind == TokenKind::dot) {
    return name_at_end(
        text.substr(0, static_cast<std::size_t>(previous.text.data() - text.data())));
  }
  return ahead.next().kind == TokenKind::left_paren ? name_ahead(ahead) : std::string_view{};
}

void Definition::read(std::string_view text, std::string_view schema, MysqlDialect dialect,
                      bool folds) {
  Lexer lexer(text, dialect);
  std::string folded;
  for (Token previous;;) {
    const Token token = lexer.next();
    if (token.kind == TokenKind::end || token.kind == TokenKind::invalid) return;
    if (token.is_name()) {
      fold_into(folded, unquoted(token.text));
      names.insert(folded);
      if (const auto taken = taken_at(token, previous, lexer, text); !taken.empty()) {
        if (auto key = sequence_key(taken, dialect, schema, folds)) sequences.insert(*key);
      }
    }
    previous = token;
  }
}

}  // namespace

Takers takers_of(const model::MysqlCatalogRows& rows, MysqlDialect dialect) {
  const bool any = std::ranges::any_of(
      rows.tables, [](const auto& table) { return equals_folded(table.type, "sequence"); });
  if (!any) return {};
  std::vector<Definition> definitions;
  const auto add = [&](const auto& object, const std::optional<std::string>& text) {
    if (!text) return;
    Definition& definition = definitions.emplace_back();
    fold_into(definition.name, object.name);
    definition.read(*text, object.schema, dialect, rows.folds_names);
  };
  for (const auto& function : rows.functions) add(function, function.body);
  for (const auto& view : rows.views) add(view, view.query);
  for (const auto& definition : rows.definitions) add(definition, definition.text);

  std::map<std::string, std::set<std::string>, std::less<>> behind;
  for (const Definition& definition : definitions) {
    if (!definition.sequences.empty())
      behind[definition.name].insert(definition.sequences.begin(), definition.sequences.end());
  }
  bool grown = !behind.empty();
  for (int link = 0; grown && link < links_max; ++link) {
    grown = false;
    for (const Definition& definition : definitions) {
      for (const std::string& name : definition.names) {
        const auto used = behind.find(name);
        if (used == behind.end() || name == definition.name) continue;
        std::set<std::string>& all = behind[definition.name];
        const std::size_t before = all.size();
        all.insert(used->second.begin(), used->second.end());
        grown |= all.size() > before;
      }
    }
  }
  Takers takers;
  for (const auto& [name, sequences] : behind) {
    takers.emplace(name, std::vector<std::string>(sequences.begin(), sequences.end()));
  }
  return takers;
}

std::vector<std::string_view> taken_by(const Takers& takers, std::string_view sql,
                                       MysqlDialect dialect) {
  std::vector<std::string_view> taken;
  if (takers.empty()) return taken;
  Lexer lexer(sql, dialect);
  std::string folded;
  for (;;) {
    const Token token = lexer.next();
    if (token.kind == TokenKind::end || token.kind == TokenKind::invalid) return taken;
    if (!token.is_name()) continue;
    fold_into(folded, unquoted(token.text));
    const auto found = takers.find(folded);
    if (found == takers.end()) continue;
    for (const std::string& sequence : found->second) {
      if (std::ranges::find(taken, sequence) == taken.end()) taken.push_back(sequence);
    }
  }
}

}  // namespace relevo::route::mysql
