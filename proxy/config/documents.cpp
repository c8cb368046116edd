#include "proxy/config/documents.hpp"

#include "proxy/config/settings.hpp"

namespace relevo::config {
namespace {

Shown secret_schema() {
  const auto source = [](const char* key, const char* doc) {
    Shown property = {{"type", "string"}, {"minLength", 1}, {"description", doc}};
    return Shown{{"type", "object"},
                 {"properties", {{key, std::move(property)}}},
                 {"required", Shown::array({key})},
                 {"additionalProperties", false}};
  };
  Shown forms = Shown::array();
  forms.push_back({{"type", "string"}, {"minLength", 1}});
  forms.push_back(source("file", "A file that holds the secret; its last line end is dropped."));
  forms.push_back(source("env", "The environment variable that holds the secret."));
  return {{"description", "A secret: its text, a file or an environment variable."},
          {"oneOf", std::move(forms)}};
}

// A cell of a Markdown table: a bar would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : "`" + cell(text) + "`";
}

std::string fallback(const Setting& setting) {
  if (setting.required) return "required";
  return setting.fallback.empty() ? "none" : code(setting.fallback);
}

std::string row(const Setting& setting) {
  const auto dot = setting.path.rfind('.');
  const std::string key = dot == std::string::npos ? setting.path : setting.path.substr(dot + 1);
  return "| " + code(key) + " | " + cell(setting.type) + " | " + fallback(setting) + " | " +
         (setting.change == Change::reload ? "reload" : "restart") + " | " + cell(setting.doc) +
         " |\n";
}

}  // namespace

std::string schema_document() {
  Shown schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                  {"title", "Relevo configuration"},
                  {"description",
                   "Generated from the settings table. `relevo --check` knows more rules: ranges "
                   "of durations and sizes, and what settings ask of each other."}};
  schema.update(settings().schema());
  schema["$defs"] = {{"secret", secret_schema()}};
  return schema.dump(2) + "\n";
}

std::string markdown_reference() {
  std::string text;
  for (const SettingGroup& group : catalogue()) {
    text += "\n### " + (group.path.empty() ? "Top level" : code(group.path)) + "\n\n" + group.doc +
            "\n\n| Setting | Type | Default | A change needs | Meaning |\n|---|---|---|---|---|\n";
    for (const Setting& setting : group.settings) text += row(setting);
  }
  return text + "\n";
}

tl::expected<std::string, std::string> with_reference(std::string_view page,
                                                      std::string_view reference) {
  const auto begin = page.find(reference_begin);
  if (begin == std::string_view::npos)
    return tl::make_unexpected("no line " + std::string(reference_begin));
  const auto from = begin + reference_begin.size();
  const auto end = page.find(reference_end, from);
  if (end == std::string_view::npos)
    return tl::make_unexpected("no line " + std::string(reference_end));
  return std::string(page.substr(0, from)) + std::string(reference) + std::string(page.substr(end));
}

}  // namespace relevo::config
