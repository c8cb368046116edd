// Asks a running Relevo. Errors are sentences for an operator: what was tried,
// what the system said, what to look at next.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "proxy/admin/relevoctl/address.hpp"
#include "topology/model/result.hpp"

namespace relevo::admin {

class Client {
 public:
  // `token` is sent over TCP only; "" sends none.
  Client(Address address, std::string token)
      : address_(std::move(address)), token_(std::move(token)) {}

  // The answer's body. What the server refused is an error with the server's
  // own code and message.
  Result<std::string> get(const std::string& target) const;
  Result<std::string> post(const std::string& target, const std::string& body) const;

  // Calls `line` for each non-empty line of an endless answer until it says
  // false, the server ends or nothing (not even a heartbeat) comes for 30 s.
  Result<void> follow(const std::string& target,
                      const std::function<bool(std::string_view)>& line) const;

 private:
  Address address_;
  std::string token_;
};

}  // namespace relevo::admin
