// Where the reader is in the file, and what it has found so far.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/json_text.hpp"
#include "proxy/config/load.hpp"

namespace relevo::config {

// One parse's findings.
struct Reading {
  const LoadContext& context;
  std::vector<Problem> problems;
  std::set<std::string> given;  // paths of the keys in the file whose value is not null
};

// One value's place. Refusing a value there yields nullopt, which is what a reader
// of values returns: `return at.refuse("...")`.
class Place {
 public:
  Place(Reading& reading, std::string path) : reading_(reading), path_(std::move(path)) {}

  Place key(std::string_view name) const { return {reading_, path_of_key(path_, name)}; }
  Place index(std::size_t i) const { return {reading_, path_of_index(path_, i)}; }

  std::nullopt_t refuse(std::string message) const {
    reading_.problems.push_back({path_, std::move(message)});
    return std::nullopt;
  }
  // "expected a whole number, found a string": names the type, never the value,
  // since what stands in the wrong place may be a password.
  std::nullopt_t expected(std::string_view what, const Json& found) const;

  void mark_given() const { reading_.given.insert(path_); }
  const LoadContext& context() const { return reading_.context; }

 private:
  Reading& reading_;
  std::string path_;
};

// Says at `place` that `key` is unknown and which known one is nearest.
void refuse_unknown_key(const Place& place, const std::string& key,
                        const std::vector<std::string>& known);

}  // namespace relevo::config
