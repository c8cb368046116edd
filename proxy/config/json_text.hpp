// JSON text to a tree, more strictly than the library does it alone: a key that
// is given twice is a problem (the library keeps the last one in silence), nesting
// is bounded, and a byte of zero does not end the text early.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proxy/config/load.hpp"

namespace relevo::config {

using Json = nlohmann::json;

// `$.pool` + `size` -> `$.pool.size`; a key that is no plain word -> `$.pool["a b"]`.
std::string path_of_key(const std::string& parent, std::string_view key);
std::string path_of_index(const std::string& parent, std::size_t index);

// A text in double quotes for a message: escaped, and cut when it is long.
std::string in_quotes(std::string_view text);

struct JsonText {
  Json root;
  std::vector<Problem> duplicates;  // keys given twice; the first one stands in `root`
};

// A syntax error is one problem at `$` with line and column. It never quotes the
// text around the error: that text may be a password.
tl::expected<JsonText, Problem> read_json(std::string_view text);

}  // namespace relevo::config
