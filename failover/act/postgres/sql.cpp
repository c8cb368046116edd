#include "failover/act/postgres/sql.hpp"

#include <array>
#include <cstdio>

namespace relevo::act::postgres {
namespace {

std::string backslashed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out;
}

// FNV-1a: short, stable between runs and versions.
std::uint32_t mark_of(std::string_view text) {
  std::uint32_t mark = 2166136261U;
  for (const char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 16777619U;
  return mark;
}

}  // namespace

std::string quote_literal(std::string_view text) {
  std::string out = "E'";
  for (const char c : text) {
    if (c == '\\' || c == '\'') out += c;
    out += c;
  }
  return out + "'";
}

std::string quote_conninfo(std::string_view value) { return "'" + backslashed(value) + "'"; }

std::string conninfo_of(const Upstream& upstream) {
  std::string text = "host=" + quote_conninfo(upstream.host) +
                     " port=" + std::to_string(upstream.port) +
                     " user=" + quote_conninfo(upstream.user);
  if (!upstream.password.empty()) text += " password=" + quote_conninfo(upstream.password);
  if (!upstream.sslmode.empty()) text += " sslmode=" + quote_conninfo(upstream.sslmode);
  return text + " application_name=" + quote_conninfo(upstream.application_name);
}

std::string slot_name_of(std::string_view node) {
  constexpr std::size_t length_max = 63;
  std::string name = "relevo_";
  bool changed = false;
  for (char c : node) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    changed = changed || !fits;
    name += fits ? c : '_';
  }
  if (name.size() > length_max) changed = true;
  if (!changed) return name;
  std::array<char, 10> mark{};
  std::snprintf(mark.data(), mark.size(), "_%08x", mark_of(node));
  return name.substr(0, length_max - 9) + mark.data();
}

}  // namespace relevo::act::postgres
