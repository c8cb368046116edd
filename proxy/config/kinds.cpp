#include "proxy/config/kinds.hpp"

#include <algorithm>

#include "proxy/config/nearest.hpp"
#include "proxy/config/units.hpp"

namespace relevo::config {
namespace {

constexpr std::size_t name_bytes_max = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

class Flag final : public Kind<bool> {
 public:
  std::optional<bool> read(const Json& json, const Place& at) const override {
    if (!json.is_boolean()) return at.expected("true or false", json);
    return json.get<bool>();
  }
  Shown show(const bool& value) const override { return value; }
  Shown schema() const override { return {{"type", "boolean"}}; }
  std::string type() const override { return "true or false"; }
};

class Number final : public Kind<unsigned> {
 public:
  Number(unsigned least, unsigned most, std::string unit)
      : least_(least), most_(most), unit_(std::move(unit)) {}

  std::optional<unsigned> read(const Json& json, const Place& at) const override {
    if (!json.is_number_integer()) return at.expected("a whole number", json);
    // A negative number and one past the signed range are both out of ours.
    const bool fits = json.is_number_unsigned() && json.get<std::uint64_t>() >= least_ &&
                      json.get<std::uint64_t>() <= most_;
    if (!fits) return at.refuse(json.dump() + " is out of range: " + range());
    return static_cast<unsigned>(json.get<std::uint64_t>());
  }
  Shown show(const unsigned& value) const override { return value; }
  Shown schema() const override {
    return {{"type", "integer"}, {"minimum", least_}, {"maximum", most_}};
  }
  std::string type() const override {
    return "whole number, " + range() + (unit_.empty() ? "" : " " + unit_);
  }

 private:
  std::string range() const { return std::to_string(least_) + " to " + std::to_string(most_); }

  unsigned least_;
  unsigned most_;
  std::string unit_;
};

// A duration or a size: a number with its unit, in a string.
template <class V>
struct Quantity {
  std::string what;     // "duration"
  std::string example;  // "250ms"
  std::string units;    // "ms, s, m, h"
  std::string pattern;
  std::optional<V> (*parse)(std::string_view);
  std::string (*format)(V);
};

template <class V>
class Quantified final : public Kind<V> {
 public:
  Quantified(Quantity<V> quantity, V least, V most)
      : quantity_(std::move(quantity)), least_(least), most_(most) {}

  std::optional<V> read(const Json& json, const Place& at) const override {
    if (!json.is_string())
      return at.expected("a " + quantity_.what + " with its unit in a string, such as " +
                             in_quotes(quantity_.example),
                         json);
    const auto& text = json.get_ref<const std::string&>();
    const auto value = quantity_.parse(text);
    if (!value)
      return at.refuse(in_quotes(text) + " is not a " + quantity_.what +
                       ": a whole number and one of " + quantity_.units + ", such as " +
                       in_quotes(quantity_.example));
    if (*value < least_ || *value > most_)
      return at.refuse(in_quotes(text) + " is out of range: " + range());
    return value;
  }
  Shown show(const V& value) const override { return quantity_.format(value); }
  Shown schema() const override { return {{"type", "string"}, {"pattern", quantity_.pattern}}; }
  std::string type() const override { return quantity_.what + ", " + range(); }

 private:
  std::string range() const { return quantity_.format(least_) + " to " + quantity_.format(most_); }

  Quantity<V> quantity_;
  V least_;
  V most_;
};

class Name final : public Kind<std::string> {
 public:
  std::optional<std::string> read(const Json& json, const Place& at) const override {
    if (!json.is_string()) return at.expected("a string", json);
    const auto& text = json.get_ref<const std::string&>();
    const bool fits = !text.empty() && text.size() <= name_bytes_max &&
                      is_letter_or_digit(text.front()) &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                        return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
                      });
    if (!fits)
      return at.refuse(in_quotes(text) +
                       " is not a name: 1 to 63 letters, digits, '_', '-' and '.', "
                       "beginning with a letter or digit");
    return text;
  }
  Shown show(const std::string& value) const override { return value; }
  Shown schema() const override {
    return {{"type", "string"}, {"pattern", "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"}};
  }
  std::string type() const override { return "name"; }
};

class DatabaseName final : public Kind<std::string> {
 public:
  std::optional<std::string> read(const Json& json, const Place& at) const override {
    if (!json.is_string()) return at.expected("a string", json);
    const auto& text = json.get_ref<const std::string&>();
    if (text.empty()) return at.refuse("must not be empty");
    if (text.size() > name_bytes_max || std::any_of(text.begin(), text.end(), is_control))
      return at.refuse(in_quotes(text) +
                       " is not a name: 1 to 63 bytes without control characters");
    return text;
  }
  Shown show(const std::string& value) const override { return value; }
  Shown schema() const override {
    return {{"type", "string"}, {"minLength", 1}, {"maxLength", name_bytes_max}};
  }
  std::string type() const override { return "string, 1 to 63 bytes"; }
};

class FilePath final : public Kind<std::string> {
 public:
  explicit FilePath(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::optional<std::string> read(const Json& json, const Place& at) const override {
    if (!json.is_string()) return at.expected("a string", json);
    auto path = resolve_path(json.get_ref<const std::string&>(), at.context().folder, bytes_max_);
    if (!path) return at.refuse(path.error());
    return *std::move(path);
  }
  Shown show(const std::string& value) const override { return value; }
  Shown schema() const override { return {{"type", "string"}, {"minLength", 1}}; }
  std::string type() const override { return "path"; }

 private:
  std::size_t bytes_max_;
};

}  // namespace

KindOf<bool> flag() { return std::make_shared<Flag>(); }

KindOf<unsigned> number(unsigned least, unsigned most, std::string unit) {
  return std::make_shared<Number>(least, most, std::move(unit));
}

KindOf<Milliseconds> duration(Milliseconds least, Milliseconds most) {
  return std::make_shared<Quantified<Milliseconds>>(
      Quantity<Milliseconds>{"duration", "250ms", "ms, s, m, h", "^[0-9]+(ms|s|m|h)$",
                             &parse_duration, &format_duration},
      least, most);
}

KindOf<std::uint64_t> size_bytes(std::uint64_t least, std::uint64_t most) {
  return std::make_shared<Quantified<std::uint64_t>>(
      Quantity<std::uint64_t>{"size", "16MiB", "B, KiB, MiB, GiB", "^[0-9]+(B|KiB|MiB|GiB)$",
                              &parse_size_bytes, &format_size_bytes},
      least, most);
}

KindOf<std::string> name() { return std::make_shared<Name>(); }
KindOf<std::string> database_name() { return std::make_shared<DatabaseName>(); }
KindOf<std::string> file_path() { return std::make_shared<FilePath>(path_bytes_max); }
KindOf<std::string> socket_path() { return std::make_shared<FilePath>(socket_path_bytes_max); }

std::nullopt_t refuse_word(const Place& at, const Json& found,
                           const std::vector<std::string>& words) {
  if (!found.is_string()) return at.expected(one_of(words), found);
  const auto& word = found.get_ref<const std::string&>();
  return at.refuse(in_quotes(word) + " is not known here: " + one_of(words) + "; the nearest is " +
                   in_quotes(nearest(word, words)));
}

std::string one_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += in_quotes(words[i]);
  }
  return text;
}

}  // namespace relevo::config
