// Secrets: where one comes from is configuration, what it says is not. No message
// here, and nothing that is shown or described, holds any of its text.
#include "proxy/config/kinds.hpp"

namespace relevo::config {
namespace {

// Far above any password or token: more is the wrong file.
constexpr std::size_t secret_bytes_max = 4096;

class SecretKind final : public Kind<Secret> {
 public:
  std::optional<Secret> read(const Json& json, const Place& at) const override {
    if (json.is_string()) return checked(json.get<std::string>(), "the secret", at);
    if (!json.is_object()) return at.expected(type(), json);

    bool known = true;
    for (const auto& [key, value] : json.items()) {
      if (key == "file" || key == "env") continue;
      refuse_unknown_key(at, key, {"file", "env"});
      known = false;
    }
    if (!known) return std::nullopt;
    if (json.size() != 1) return at.refuse("exactly one of \"file\" and \"env\" is needed here");
    const Place source = at.key(json.begin().key());
    if (!json.begin()->is_string()) return source.expected("a string", *json.begin());
    const auto& text = json.begin()->get_ref<const std::string&>();
    return json.begin().key() == "file" ? from_file(text, source) : from_environment(text, source);
  }

  Shown show(const Secret&) const override { return nullptr; }
  Shown schema() const override { return {{"$ref", "#/$defs/secret"}}; }
  std::string type() const override {
    return "secret: a string, {\"file\": PATH} or {\"env\": NAME}";
  }

 private:
  static std::optional<Secret> from_file(const std::string& text, const Place& at) {
    const auto path = resolve_path(text, at.context().folder, path_bytes_max);
    if (!path) return at.refuse(path.error());
    auto content = at.context().read_file(*path);
    if (!content) return at.refuse("cannot read " + *path + ": " + content.error().message);
    std::string_view line = *content;
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return checked(std::string(line), *path, at);
  }

  static std::optional<Secret> from_environment(const std::string& variable, const Place& at) {
    if (variable.empty() || variable.find('=') != std::string::npos ||
        variable.find('\0') != std::string::npos)
      return at.refuse(in_quotes(variable) + " is not the name of an environment variable");
    const std::string source = "the environment variable " + in_quotes(variable);
    auto value = at.context().environment(variable);
    if (!value) return at.refuse(source + " is not set");
    return checked(*std::move(value), source, at);
  }

  static std::optional<Secret> checked(std::string text, const std::string& source,
                                       const Place& at) {
    if (text.empty()) return at.refuse(source + " is empty");
    if (text.size() > secret_bytes_max)
      return at.refuse(source + " is longer than " + std::to_string(secret_bytes_max) + " bytes");
    // Neither can be typed at a login: a second line is another file's content.
    if (text.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
      return at.refuse(source + " holds a line break or a byte of zero");
    return Secret(std::move(text));
  }
};

}  // namespace

KindOf<Secret> secret() { return std::make_shared<SecretKind>(); }

}  // namespace relevo::config
