// What both sides of SCRAM share: names, and a strict reader of its messages,
// which are "a=value" attributes between commas (RFC 5802, section 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/session/postgres/auth/crypto.hpp"

namespace relevo::session::postgres {

inline constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256";
inline constexpr std::string_view scram_sha_256_plus = "SCRAM-SHA-256-PLUS";

// PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH, for messages from clients.
inline constexpr std::size_t scram_message_bytes_max = 1024;

// Whether channel binding is used, as a client states it first (RFC 5801).
enum class Gs2Flag : char {
  unsupported = 'n',
  not_offered = 'y',  // the client could, and believes that the server cannot
  used = 'p',
};

// "n,,", "y,,", "p=tls-server-end-point,,"
std::string gs2_header(Gs2Flag flag);

// The value of "c=": base64 of the gs2 header and, when used, the binding data.
std::string channel_binding_attribute(Gs2Flag flag, std::string_view binding_data);

bool is_scram_printable(std::string_view text);  // not empty, %x21-2B / %x2D-7E

class ScramAttributes {
 public:
  explicit ScramAttributes(std::string_view message) : message_(message) {}

  // The next attribute, if it has this name; nothing is consumed otherwise.
  std::optional<std::string_view> next(char name);
  // The next attribute, whatever it is.
  std::optional<std::pair<char, std::string_view>> next();
  // Optional extensions up to the end, all ignored; false if one is malformed.
  bool skip_extensions();

  bool at_end() const { return at_ == message_.size() && !comma_; }
  // Where the next attribute starts, the comma in front of it not counted.
  std::size_t offset() const { return at_; }

 private:
  std::string_view message_;
  std::size_t at_ = 0;
  bool comma_ = false;  // one was read, so that an attribute has to follow
};

}  // namespace relevo::session::postgres
