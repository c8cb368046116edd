#include "proxy/admin/http.hpp"

#include <nlohmann/json.hpp>

#include "topology/model/check.hpp"

namespace relevo::admin {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// In a query, unlike in a path, '+' stands for a space (HTML forms write it so).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Calls `part` for each piece of `text` between separators; stops when it says false.
template <typename Part>
bool split(std::string_view text, char separator, Part part) {
  for (;;) {
    const auto end = text.find(separator);
    if (!part(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool parse_path(std::string_view path, Target& target) {
  if (path.empty() || path.front() != '/') return false;
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  path.remove_prefix(1);
  if (path.empty()) return true;
  return split(path, '/', [&](std::string_view piece) {
    auto decoded = percent_decode(piece, false);
    if (!decoded) return false;
    target.segments.push_back(std::move(*decoded));
    return true;
  });
}

bool parse_query(std::string_view query, Target& target) {
  return split(query, '&', [&](std::string_view pair) {
    if (pair.empty()) return true;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>(std::in_place)
                                                  : percent_decode(pair.substr(equals + 1), true);
    if (!name || !value) return false;
    target.query.insert_or_assign(std::move(*name), std::move(*value));
    return true;
  });
}

int status_of(std::string_view code) {
  if (code == "unknown_cluster" || code == "unknown_node") return 404;
  if (code == "invalid" || code == "bad_request") return 400;
  if (code == "timeout") return 504;
  if (code == "unavailable") return 503;
  return 409;
}

}  // namespace

const std::string* Request::find(std::string_view name) const {
  const auto it = query.find(name);
  return it == query.end() ? nullptr : &it->second;
}

const std::string& Request::captured(std::string_view name) const {
  const auto it = path.find(name);
  RELEVO_CHECK(it != path.end());
  return it->second;
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  const auto question = text.find('?');
  if (!parse_path(text.substr(0, question), target)) return std::nullopt;
  if (question != std::string_view::npos && !parse_query(text.substr(question + 1), target)) {
    return std::nullopt;
  }
  return target;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

Response error_response(int status, std::string_view code, std::string_view message) {
  nlohmann::ordered_json body;
  body["error"]["code"] = code;
  body["error"]["message"] = message;
  Response response;
  response.status = status;
  // A message may quote bytes from outside that are not UTF-8.
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

Response error_response(const Error& error) {
  return error_response(status_of(error.code), error.code, error.message);
}

}  // namespace relevo::admin
