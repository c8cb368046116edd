// From the text of a configuration file to a Config that every other module may
// trust: parsed, in range, and free of contradictions between settings. It is all
// or nothing: a Config comes back only when there is no problem at all, and
// otherwise every problem at once, so that an operator mends a file in one go.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "proxy/config/config.hpp"
#include "topology/model/result.hpp"

namespace relevo::config {

// Bounds on what is read at all, far above any real file.
inline constexpr std::size_t max_file_bytes = std::size_t{1} << 20;
inline constexpr std::size_t max_nesting_depth = 32;

struct Problem {
  std::string path;     // where in the file, as in `$.clusters[0].nodes[1].address`
  std::string message;  // what is wrong and what would be right; never a secret's text
  bool operator==(const Problem&) const = default;
};

// The world around the text. Tests put their own in; the defaults are the process's.
struct LoadContext {
  // Relative paths in the configuration are taken from here.
  std::filesystem::path folder = ".";
  // An environment variable's value, nullopt when it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  // A whole file, at most max_file_bytes; the error's message is strerror's.
  std::function<Result<std::string>(const std::filesystem::path& file)> read_file;

  LoadContext();
};

// Parses JSON (RFC 8259) with // and /* */ comments. A syntax error is one problem
// at `$` with its line and column; everything else is reported together.
tl::expected<Config, std::vector<Problem>> parse(std::string_view text, const LoadContext& context);

// Reads and parses a file; relative paths are taken from the file's own folder.
tl::expected<Config, std::vector<Problem>> load(const std::filesystem::path& file);

}  // namespace relevo::config
