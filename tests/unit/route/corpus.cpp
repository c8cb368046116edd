#include "tests/unit/route/corpus.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

namespace relevo::route::test {
namespace {

constexpr std::string_view mark = "-- expect: ";
constexpr std::string_view dialect_mark = "-- dialect: ";

[[noreturn]] void malformed(const std::string& place, std::string_view what) {
  std::cerr << place << ": " << what << "\n";
  std::abort();
}

CorpusStatement parse_mark(const std::string& place, std::string_view line) {
  CorpusStatement statement;
  statement.place = place;
  const std::string_view rest = line.substr(mark.size());
  const std::size_t bar = rest.find(" | ");
  if (bar == std::string_view::npos) malformed(place, "no reason");
  const std::string_view cls = rest.substr(0, bar);
  if (cls == "read") {
    statement.expected = StatementClass::read;
  } else if (cls == "write") {
    statement.expected = StatementClass::write;
  } else if (cls == "session") {
    statement.expected = StatementClass::session;
  } else {
    malformed(place, "unknown class");
  }
  statement.why = rest.substr(bar + 3);
  return statement;
}

void load_file(const std::filesystem::path& path, std::vector<CorpusStatement>& statements) {
  std::ifstream file(path, std::ios::binary);
  if (!file) malformed(path.string(), "cannot be read");
  std::string line;
  std::string dialect;
  bool header = true;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    if (line.starts_with(mark)) {
      header = false;
      statements.push_back(
          parse_mark(path.filename().string() + ":" + std::to_string(number), line));
      statements.back().dialect = dialect;
    } else if (header && line.starts_with(dialect_mark)) {
      dialect = line.substr(dialect_mark.size());
    } else if (!header) {
      statements.back().sql += line + "\n";
    }
  }
  if (header) malformed(path.string(), "holds no statement");
}

}  // namespace

std::vector<CorpusStatement> load_corpus(const char* folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty()) malformed(folder, "holds no corpus");
  std::vector<CorpusStatement> statements;
  for (const auto& file : files) load_file(file, statements);
  for (auto& statement : statements) {
    const std::size_t last = statement.sql.find_last_not_of(" \n");
    if (last == std::string::npos) malformed(statement.place, "no statement");
    statement.sql.resize(last + 1);
  }
  return statements;
}

Dialect postgres_dialect_of(std::string_view name) {
  if (name.empty()) return {};
  if (name == "backslash_escapes") return {.standard_conforming_strings = false};
  if (name == "ascii_in_multibyte") return {.ascii_in_multibyte = true};
  malformed(std::string(name), "unknown dialect");
}

}  // namespace relevo::route::test
