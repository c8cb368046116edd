#include "proxy/session/postgres/auth/scram_message.hpp"

#include <algorithm>

namespace relevo::session::postgres {

std::string gs2_header(Gs2Flag flag) {
  if (flag == Gs2Flag::used) return "p=tls-server-end-point,,";
  return std::string(1, static_cast<char>(flag)) + ",,";
}

std::string channel_binding_attribute(Gs2Flag flag, std::string_view binding_data) {
  std::string input = gs2_header(flag);
  if (flag == Gs2Flag::used) input += binding_data;
  return base64_encode(input);
}

bool is_scram_printable(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

std::optional<std::string_view> ScramAttributes::next(char name) {
  if (at_ >= message_.size() || message_[at_] != name) return std::nullopt;
  const auto attribute = next();
  if (!attribute) return std::nullopt;
  return attribute->second;
}

std::optional<std::pair<char, std::string_view>> ScramAttributes::next() {
  const std::string_view rest = message_.substr(at_);
  if (rest.size() < 2 || rest[1] != '=') return std::nullopt;
  const char name = rest[0];
  if (!((name >= 'a' && name <= 'z') || (name >= 'A' && name <= 'Z'))) return std::nullopt;
  const std::string_view value = rest.substr(2, rest.find(',') - 2);
  if (value.find('\0') != std::string_view::npos) return std::nullopt;
  at_ += 2 + value.size();
  comma_ = at_ < message_.size();
  if (comma_) ++at_;
  return std::pair(name, value);
}

bool ScramAttributes::skip_extensions() {
  while (!at_end()) {
    if (!next()) return false;
  }
  return true;
}

}  // namespace relevo::session::postgres
