// The one error form of the core: something outside of us failed. Running short
// of bytes is not an error, and a bug of ours is an assert.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace relevo {

struct Error {
  std::string code;     // a short stable word, or the server's SQLSTATE
  std::string message;  // whole sentence; the server's own text where there is one
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string code, std::string message) {
  return tl::make_unexpected(Error{std::move(code), std::move(message)});
}

}  // namespace relevo
