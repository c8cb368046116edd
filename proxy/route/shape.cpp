#include "proxy/route/shape.hpp"

#include <utility>

#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/postgres/lexer.hpp"

namespace relevo::route {
namespace {

bool is_literal(postgres::TokenKind kind) {
  using postgres::TokenKind;
  return kind == TokenKind::string || kind == TokenKind::dollar_string ||
         kind == TokenKind::number || kind == TokenKind::parameter;
}

bool is_literal(mysql::TokenKind kind) {
  using mysql::TokenKind;
  return kind == TokenKind::string || kind == TokenKind::number || kind == TokenKind::parameter;
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// FNV-1a: short, and even enough for a set of a thousand.
class Hash {
 public:
  void add(std::string_view text, bool fold) {
    for (const char c : text) byte(static_cast<unsigned char>(fold ? folded(c) : c));
    byte(0);  // no token has it: borders count
  }
  std::uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  void byte(unsigned char c) { value_ = (value_ ^ c) * 0x100000001b3; }
  std::uint64_t value_ = 0xcbf29ce484222325;
};

class Text {
 public:
  explicit Text(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  void add(std::string_view text, bool fold) {
    if (text_.size() > bytes_max_) return;
    if (!text_.empty()) text_ += ' ';
    for (const char c : text.substr(0, bytes_max_)) {
      // A line of a log stays one line.
      text_ += static_cast<unsigned char>(c) < ' ' ? ' ' : fold ? folded(c) : c;
    }
  }
  std::string take() {
    if (text_.size() > bytes_max_) text_.replace(bytes_max_, std::string::npos, "...");
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t bytes_max_;
};

// False: it can't be followed to its end.
template <typename Kind, typename Lexer, typename Sink>
bool walk(Lexer lexer, Sink& sink) {
  bool literal = false;    // the last token was one
  bool comma = false;      // ... and a comma behind it waits for what comes
  bool semicolon = false;  // the text's last one says nothing
  for (;;) {
    const auto& token = lexer.next();
    if (token.kind == Kind::invalid) return false;
    if (token.kind == Kind::end) break;
    if (std::exchange(semicolon, token.kind == Kind::semicolon)) sink.add(";", false);
    if (semicolon) {
      if (std::exchange(comma, false)) sink.add(",", false);
      literal = false;
      continue;
    }
    if (is_literal(token.kind)) {
      if (!std::exchange(comma, false)) sink.add("?", false);
      literal = true;
      continue;
    }
    if (std::exchange(comma, false)) sink.add(",", false);
    if (token.kind == Kind::comma && literal) {
      comma = true;
    } else {
      sink.add(token.text, token.kind == Kind::word);
    }
    literal = false;
  }
  return true;
}

template <typename Kind, typename Lexer>
std::uint64_t shape(const Lexer& lexer) {
  Hash hash;
  return walk<Kind>(lexer, hash) ? hash.value() : 0;
}

template <typename Kind, typename Lexer>
std::string shape_text(const Lexer& lexer, std::size_t bytes_max) {
  Text text(bytes_max);
  walk<Kind>(lexer, text);
  return text.take();
}

}  // namespace

std::uint64_t shape_of_postgres(std::string_view sql, Dialect dialect) {
  return shape<postgres::TokenKind>(postgres::Lexer(sql, dialect));
}

std::uint64_t shape_of_mysql(std::string_view sql, MysqlDialect dialect) {
  return shape<mysql::TokenKind>(mysql::Lexer(sql, dialect));
}

std::string shape_text_postgres(std::string_view sql, Dialect dialect, std::size_t bytes_max) {
  return shape_text<postgres::TokenKind>(postgres::Lexer(sql, dialect), bytes_max);
}

std::string shape_text_mysql(std::string_view sql, MysqlDialect dialect, std::size_t bytes_max) {
  return shape_text<mysql::TokenKind>(mysql::Lexer(sql, dialect), bytes_max);
}

}  // namespace relevo::route
