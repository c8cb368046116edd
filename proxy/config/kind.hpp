// A kind of value: a duration, a port, a list of nodes. It knows how to read itself
// from JSON, how it is written, and how it is described, so that a row of the
// settings table needs only name it. Whatever is read or described comes from the
// same object: the schema cannot promise what the parser refuses.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/catalogue.hpp"
#include "proxy/config/place.hpp"

namespace relevo::config {

// JSON that we write: keys stay in the order of the table.
using Shown = nlohmann::ordered_json;

template <class V>
class Kind {
 public:
  virtual ~Kind() = default;

  // nullopt: refused, and the reason stands in the reading at `at`.
  virtual std::optional<V> read(const Json& json, const Place& at) const = 0;
  // As it would stand in a file; null for "not set" and for secrets.
  virtual Shown show(const V& value) const = 0;
  virtual Shown schema() const = 0;
  // In words, with unit and bounds: "duration, 1ms to 24h".
  virtual std::string type() const = 0;

  // Settings inside of this value, for the documentation. Leaves have none.
  virtual void describe(const std::string& /*path*/, Catalogue& /*catalogue*/) const {}
  // Appends to `changed` what differs and cannot be reloaded. A leaf differs as a whole.
  virtual void compare(const V& before, const V& after, const std::string& path,
                       std::vector<std::string>& changed) const {
    if (!(before == after)) changed.push_back(path);
  }
};

template <class V>
using KindOf = std::shared_ptr<const Kind<V>>;

}  // namespace relevo::config
