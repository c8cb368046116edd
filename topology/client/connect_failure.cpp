#include "topology/client/connect_failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace relevo::client {
namespace {

constexpr std::size_t sqlstate_length = 5;
constexpr std::string_view before_sqlstate = ":  ";
constexpr std::string_view after_sqlstate = ": ";

bool is_sqlstate(std::string_view text) {
  return text.size() == sqlstate_length && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// Where the next "SEVERITY:  SQLSTATE: " has its SQLSTATE, from `from` on; npos: nowhere.
std::size_t find_sqlstate(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(before_sqlstate, from); at != std::string_view::npos;
       at = text.find(before_sqlstate, at + 1)) {
    const std::size_t state = at + before_sqlstate.size();
    if (text.size() < state + sqlstate_length + after_sqlstate.size()) break;
    if (is_sqlstate(text.substr(state, sqlstate_length)) &&
        text.substr(state + sqlstate_length, after_sqlstate.size()) == after_sqlstate) {
      return state;
    }
  }
  return std::string_view::npos;
}

// The text as it would have been without PQERRORS_VERBOSE.
std::string plain_words(std::string text) {
  for (std::size_t at = find_sqlstate(text, 0); at != std::string::npos;
       at = find_sqlstate(text, at)) {
    text.erase(at, sqlstate_length + after_sqlstate.size());
  }
  std::string plain;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = std::string_view(text).substr(start, end - start);
    if (!line.empty() && !line.starts_with("LOCATION:")) {
      if (!plain.empty()) plain += '\n';
      plain += line;
    }
    start = end + 1;
  }
  return plain;
}

struct SystemError {
  int number;
  FailureKind kind;
};

// In this order: of several addresses one may refuse and another be unreachable,
// and a refusal is the firmer news.
constexpr std::array system_errors{
    SystemError{ECONNREFUSED, FailureKind::refused},
    SystemError{ECONNRESET, FailureKind::reset},
    SystemError{EPIPE, FailureKind::reset},
    SystemError{ECONNABORTED, FailureKind::reset},
    SystemError{ETIMEDOUT, FailureKind::timeout},
    SystemError{EHOSTUNREACH, FailureKind::unreachable},
    SystemError{ENETUNREACH, FailureKind::unreachable},
    SystemError{EHOSTDOWN, FailureKind::unreachable},
    SystemError{ENETDOWN, FailureKind::unreachable},
    SystemError{EADDRNOTAVAIL, FailureKind::unreachable},
    SystemError{EACCES, FailureKind::unreachable},
    SystemError{EPERM, FailureKind::unreachable},
    SystemError{ENOENT, FailureKind::refused},  // a Unix socket that isn't there
};

}  // namespace

Failure read_connect_failure(const std::string& libpq_text, bool peer_closed) {
  Failure failure;
  failure.message = plain_words(libpq_text);
  // Of two attempts (with TLS, then without) the first has the better reason.
  const std::size_t state = find_sqlstate(libpq_text, 0);
  if (state != std::string::npos) {
    failure.kind = FailureKind::server_error;
    failure.sqlstate = libpq_text.substr(state, sqlstate_length);
    return failure;
  }
  for (const SystemError& known : system_errors) {
    const std::string words = std::error_code(known.number, std::generic_category()).message();
    if (libpq_text.find(words) != std::string::npos) {
      failure.kind = known.kind;
      return failure;
    }
  }
  failure.kind = peer_closed ? FailureKind::reset : FailureKind::server_error;
  return failure;
}

}  // namespace relevo::client
