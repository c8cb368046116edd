// Lists of settings: of plain values, and of sections that have a name.
#pragma once

#include <algorithm>

#include "proxy/config/kind.hpp"

namespace relevo::config {

// An array of `least` to `most` values. An element that is refused leaves a default
// behind, so that the places of those after it stay true.
template <class V>
class List : public Kind<std::vector<V>> {
 public:
  List(KindOf<V> element, std::size_t least, std::size_t most)
      : element_(std::move(element)), least_(least), most_(most) {}

  std::optional<std::vector<V>> read(const Json& json, const Place& at) const override {
    if (!json.is_array()) return at.expected("an array", json);
    if (json.size() < least_)
      return at.refuse("at least " + std::to_string(least_) + " is needed here");
    if (json.size() > most_)
      return at.refuse(std::to_string(json.size()) + " are too many: at most " +
                       std::to_string(most_));
    std::vector<V> result;
    for (std::size_t i = 0; i < json.size(); ++i)
      result.push_back(element_->read(json[i], at.index(i)).value_or(V{}));
    return result;
  }

  Shown show(const std::vector<V>& values) const override {
    Shown shown = Shown::array();
    for (const V& value : values) shown.push_back(element_->show(value));
    return shown;
  }

  Shown schema() const override {
    return {{"type", "array"},
            {"items", element_->schema()},
            {"minItems", least_},
            {"maxItems", most_}};
  }

  std::string type() const override {
    return "array of " + std::to_string(least_) + " to " + std::to_string(most_) + ": " +
           element_->type();
  }

  void describe(const std::string& path, Catalogue& catalogue) const override {
    element_->describe(path + "[]", catalogue);
  }

 protected:
  const Kind<V>& element() const { return *element_; }

 private:
  KindOf<V> element_;
  std::size_t least_;
  std::size_t most_;
};

// An array of sections with a `name`. Entries are compared by name: which ones there
// are, and in which order, needs a restart (modules know an entry by its place); what
// changed inside of one is for its own rows to say.
template <class V>
class NamedList final : public List<V> {
 public:
  using List<V>::List;

  void compare(const std::vector<V>& before, const std::vector<V>& after, const std::string& path,
               std::vector<std::string>& changed) const override {
    const auto entry = [&](const V& value) { return path + "[" + value.name + "]"; };
    for (const V& old : before)
      if (find(after, old) == nullptr) changed.push_back(entry(old) + " (removed)");
    std::vector<std::string> order;
    for (const V& now : after) {
      const V* old = find(before, now);
      if (old == nullptr) {
        changed.push_back(entry(now) + " (added)");
      } else {
        this->element().compare(*old, now, entry(now), changed);
        order.push_back(now.name);
      }
    }
    if (order != kept(before, after)) changed.push_back(path + " (order changed)");
  }

 private:
  static const V* find(const std::vector<V>& values, const V& wanted) {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const V& value) { return value.name == wanted.name; });
    return found == values.end() ? nullptr : &*found;
  }

  static std::vector<std::string> kept(const std::vector<V>& before, const std::vector<V>& after) {
    std::vector<std::string> names;
    for (const V& old : before)
      if (find(after, old) != nullptr) names.push_back(old.name);
    return names;
  }
};

// A value that may be left out; null says the same.
template <class V>
class Optional final : public Kind<std::optional<V>> {
 public:
  explicit Optional(KindOf<V> kind) : kind_(std::move(kind)) {}

  std::optional<std::optional<V>> read(const Json& json, const Place& at) const override {
    if (json.is_null()) return std::optional<std::optional<V>>(std::in_place);
    auto value = kind_->read(json, at);
    if (!value) return std::nullopt;
    return std::optional<std::optional<V>>(std::in_place, *std::move(value));
  }
  Shown show(const std::optional<V>& value) const override {
    return value ? kind_->show(*value) : Shown(nullptr);
  }
  Shown schema() const override { return {{"anyOf", {kind_->schema(), {{"type", "null"}}}}}; }
  std::string type() const override { return kind_->type() + ", or null"; }
  void describe(const std::string& path, Catalogue& catalogue) const override {
    kind_->describe(path, catalogue);
  }

 private:
  KindOf<V> kind_;
};

// The same for a value whose empty form means that there is none.
template <class V>
class OrNull final : public Kind<V> {
 public:
  explicit OrNull(KindOf<V> kind) : kind_(std::move(kind)) {}

  std::optional<V> read(const Json& json, const Place& at) const override {
    if (json.is_null()) return V{};
    return kind_->read(json, at);
  }
  Shown show(const V& value) const override {
    return value.empty() ? Shown(nullptr) : kind_->show(value);
  }
  Shown schema() const override { return {{"anyOf", {kind_->schema(), {{"type", "null"}}}}}; }
  std::string type() const override { return kind_->type() + ", or null"; }

 private:
  KindOf<V> kind_;
};

}  // namespace relevo::config
