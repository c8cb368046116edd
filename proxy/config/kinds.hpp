// The kinds of single values that settings have.
#pragma once

#include <cstdint>

#include "proxy/config/address.hpp"
#include "proxy/config/kind.hpp"
#include "topology/model/check.hpp"

namespace relevo::config {

KindOf<bool> flag();
// A whole number; `unit` is a plural word for the documentation, "" for none.
KindOf<unsigned> number(unsigned least, unsigned most, std::string unit = "");
KindOf<Milliseconds> duration(Milliseconds least, Milliseconds most);
KindOf<std::uint64_t> size_bytes(std::uint64_t least, std::uint64_t most);

// A name that we give: letters, digits, '_', '-' and '.', beginning with a letter
// or digit, at most 63 bytes. It is used in URLs, metrics and on command lines.
KindOf<std::string> name();
// A name inside of the database: any text without control characters, 1 to 63 bytes
// (PostgreSQL's NAMEDATALEN - 1).
KindOf<std::string> database_name();
// A path, read as absolute: relative ones lie in the configuration file's folder.
KindOf<std::string> file_path();
// The same, and short enough for a Unix socket.
KindOf<std::string> socket_path();

// A text, {"file": PATH} or {"env": NAME}. A file's last line end is not part of it.
KindOf<Secret> secret();

KindOf<Listen> listen();      // "host:port", "[v6]:port" or "unix:/path"
KindOf<Listen> listen_tcp();  // without "unix:"
KindOf<Endpoint> endpoint();  // a node's "host:port"

// One of a few words. Each enumerator has exactly one.
template <class E>
class Choice final : public Kind<E> {
 public:
  using Words = std::vector<std::pair<std::string, E>>;
  explicit Choice(Words words) : words_(std::move(words)) {}

  std::optional<E> read(const Json& json, const Place& at) const override;
  Shown show(const E& value) const override;
  Shown schema() const override;
  std::string type() const override;

 private:
  std::vector<std::string> words() const;
  Words words_;
};

template <class E>
KindOf<E> choice(typename Choice<E>::Words words) {
  return std::make_shared<Choice<E>>(std::move(words));
}

// What a reader of a choice says of a word that is none of its own.
std::nullopt_t refuse_word(const Place& at, const Json& found,
                           const std::vector<std::string>& words);
std::string one_of(const std::vector<std::string>& words);

template <class E>
std::optional<E> Choice<E>::read(const Json& json, const Place& at) const {
  if (json.is_string())
    for (const auto& [word, value] : words_)
      if (json.get_ref<const std::string&>() == word) return value;
  return refuse_word(at, json, words());
}

template <class E>
Shown Choice<E>::show(const E& value) const {
  for (const auto& [word, candidate] : words_)
    if (candidate == value) return word;
  check_failed("every enumerator has a word", __FILE__, __LINE__);
}

template <class E>
Shown Choice<E>::schema() const {
  return {{"type", "string"}, {"enum", words()}};
}

template <class E>
std::string Choice<E>::type() const {
  return one_of(words());
}

template <class E>
std::vector<std::string> Choice<E>::words() const {
  std::vector<std::string> result;
  for (const auto& [word, value] : words_) result.push_back(word);
  return result;
}

}  // namespace relevo::config
