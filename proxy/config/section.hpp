// A JSON object with known keys, as rows of the settings table: each row binds a key
// to a place in a struct. Defaults are those of a default-constructed struct.
//
// Reading never stops at the first problem: a value that is refused leaves the
// default behind, and the problem in the reading keeps the whole from being used.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "proxy/config/kind.hpp"

namespace relevo::config {

enum class Need { optional, required };

// Reads and writes one value of a struct.
template <class T, class V>
struct Binding {
  std::function<V(const T&)> get;
  std::function<void(T&, V)> set;
};

template <class T>
class Section final : public Kind<T> {
 public:
  explicit Section(std::string doc) : doc_(std::move(doc)) {}

  template <class V>
  Section& setting(std::string key, Binding<T, V> binding, KindOf<V> kind, Need need, Change change,
                   std::string doc) {
    rows_.push_back(std::make_shared<RowOf<V>>(
        Labels{std::move(key), need == Need::required, change, /*listed=*/true, std::move(doc)},
        std::move(binding), std::move(kind)));
    return *this;
  }

  template <class V>
  Section& setting(std::string key, V T::* member, const std::type_identity_t<KindOf<V>>& kind,
                   Need need, Change change, std::string doc) {
    return setting(std::move(key), bind(member), kind, need, change, std::move(doc));
  }

  // A section inside of this one. It is required when something inside of it is.
  template <class V>
  Section& section(std::string key, V T::* member, const Section<V>& inner) {
    rows_.push_back(std::make_shared<RowOf<V>>(
        Labels{std::move(key), inner.requires_any(), Change::restart, /*listed=*/false, inner.doc_},
        bind(member), std::make_shared<Section<V>>(inner)));
    return *this;
  }

  std::optional<T> read(const Json& json, const Place& at) const override {
    if (!json.is_object()) return at.expected("an object", json);
    for (const auto& [key, value] : json.items())
      if (!knows(key)) refuse_unknown_key(at, key, keys());
    T result{};
    for (const auto& row : rows_) {
      const Place inside = at.key(row->labels.key);
      const auto found = json.find(row->labels.key);
      if (found != json.end()) {
        if (!found->is_null()) inside.mark_given();
        row->read(*found, inside, result);
      } else if (!row->labels.listed) {
        row->read(Json::object(), inside, result);  // says what is missing inside
      } else if (row->labels.required) {
        inside.refuse("this setting is required: " + row->type());
      }
    }
    return result;
  }

  Shown show(const T& value) const override {
    Shown shown = Shown::object();
    for (const auto& row : rows_) shown[row->labels.key] = row->show(value);
    return shown;
  }

  Shown schema() const override {
    const T defaults{};
    Shown properties = Shown::object();
    Shown required = Shown::array();
    for (const auto& row : rows_) {
      Shown property = row->schema();
      property["description"] = row->labels.doc;
      if (row->labels.required) required.push_back(row->labels.key);
      // A required setting's default is never used, and null only says that there is none.
      const Shown fallback = row->show(defaults);
      if (row->labels.listed && !row->labels.required && !fallback.is_null())
        property["default"] = fallback;
      if (row->labels.listed) property["$comment"] = row->comment();
      properties[row->labels.key] = std::move(property);
    }
    Shown schema = {{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
  }

  std::string type() const override { return "object"; }

  void describe(const std::string& path, Catalogue& catalogue) const override {
    const T defaults{};
    SettingGroup group{path, doc_, {}};
    for (const auto& row : rows_) {
      const Labels& labels = row->labels;
      if (!labels.listed) continue;
      const Shown fallback = row->show(defaults);
      group.settings.push_back({inside(path, labels.key), row->type(),
                                labels.required || fallback.is_null() ? "" : fallback.dump(),
                                labels.required, labels.change, labels.doc});
    }
    catalogue.push_back(std::move(group));
    for (const auto& row : rows_) row->describe(inside(path, row->labels.key), catalogue);
  }

  void compare(const T& before, const T& after, const std::string& path,
               std::vector<std::string>& changed) const override {
    for (const auto& row : rows_)
      if (row->labels.change == Change::restart)
        row->compare(before, after, path_of_key(path, row->labels.key), changed);
  }

 private:
  template <class>
  friend class Section;

  struct Labels {
    std::string key;
    bool required;
    Change change;
    bool listed;  // false: a section, which is described by its own heading
    std::string doc;
  };

  struct Row {
    explicit Row(Labels l) : labels(std::move(l)) {}
    virtual ~Row() = default;
    virtual void read(const Json& json, const Place& at, T& into) const = 0;
    virtual Shown show(const T& from) const = 0;
    virtual Shown schema() const = 0;
    virtual std::string type() const = 0;
    virtual void describe(const std::string& path, Catalogue& catalogue) const = 0;
    virtual void compare(const T& before, const T& after, const std::string& path,
                         std::vector<std::string>& changed) const = 0;
    std::string comment() const {
      return type() +
             (labels.change == Change::reload ? "; a reload takes it" : "; needs a restart");
    }
    Labels labels;
  };

  template <class V>
  struct RowOf final : Row {
    RowOf(Labels l, Binding<T, V> b, KindOf<V> k)
        : Row(std::move(l)), binding(std::move(b)), kind(std::move(k)) {}
    void read(const Json& json, const Place& at, T& into) const override {
      if (auto value = kind->read(json, at)) binding.set(into, *std::move(value));
    }
    Shown show(const T& from) const override { return kind->show(binding.get(from)); }
    Shown schema() const override { return kind->schema(); }
    std::string type() const override { return kind->type(); }
    void describe(const std::string& path, Catalogue& catalogue) const override {
      kind->describe(path, catalogue);
    }
    void compare(const T& before, const T& after, const std::string& path,
                 std::vector<std::string>& changed) const override {
      kind->compare(binding.get(before), binding.get(after), path, changed);
    }
    Binding<T, V> binding;
    KindOf<V> kind;
  };

  template <class V>
  static Binding<T, V> bind(V T::* member) {
    return {[member](const T& from) { return from.*member; },
            [member](T& into, V value) { into.*member = std::move(value); }};
  }

  static std::string inside(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }

  bool knows(const std::string& key) const {
    for (const auto& row : rows_)
      if (row->labels.key == key) return true;
    return false;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> result;
    result.reserve(rows_.size());
    for (const auto& row : rows_) result.push_back(row->labels.key);
    return result;
  }

  bool requires_any() const {
    for (const auto& row : rows_)
      if (row->labels.required) return true;
    return false;
  }

  std::string doc_;
  std::vector<std::shared_ptr<const Row>> rows_;
};

}  // namespace relevo::config
