// What the configuration's tests share: a world without a disk or an environment,
// the committed examples, and a way to change one value of a configuration.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "proxy/config/json_text.hpp"
#include "proxy/config/load.hpp"

namespace relevo::config::test {

struct World {
  std::map<std::string, std::string> environment{{"RELEVO_MONITOR_PASSWORD", "monitor secret"},
                                                 {"APP_PASSWORD", "app secret"}};
  std::map<std::string, std::string> files{{"/etc/relevo/repl.secret", "repl secret\n"},
                                           {"/etc/relevo/admin.token", "token secret\n"},
                                           {"/etc/relevo/server.crt", "PEM"},
                                           {"/etc/relevo/server.key", "PEM"},
                                           {"/etc/relevo/databases.ca.crt", "PEM"}};

  LoadContext context() const {
    LoadContext context;
    context.folder = "/etc/relevo";
    context.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end()) return std::nullopt;
      return found->second;
    };
    context.read_file = [this](const std::filesystem::path& file) -> Result<std::string> {
      const auto found = files.find(file.string());
      if (found == files.end()) return fail("io", "No such file or directory");
      return found->second;
    };
    return context;
  }

  tl::expected<Config, std::vector<Problem>> parse(const std::string& text) const {
    return config::parse(text, context());
  }
  std::vector<Problem> problems(const std::string& text) const {
    auto config = parse(text);
    return config ? std::vector<Problem>{} : std::move(config.error());
  }
};

inline std::string committed(const std::string& file) {
  std::ifstream stream(std::filesystem::path(RELEVO_DOCS_DIR) / file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  EXPECT_TRUE(stream) << "cannot read docs/" << file;
  return content.str();
}

inline std::string example_text(const std::string& name) {
  return committed("examples/" + name + ".json");
}

inline Json example(const std::string& name) {
  return Json::parse(example_text(name), nullptr, true, /*ignore_comments=*/true);
}

// One change of a configuration, at a JSON pointer (RFC 6901).
struct Edit {
  std::string pointer;
  std::string value;  // JSON; "" takes the key out
};

inline std::string edited(Json json, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    const Json::json_pointer at(edit.pointer);
    if (!edit.value.empty())
      json[at] = Json::parse(edit.value);
    else
      json[at.parent_pointer()].erase(at.back());
  }
  return json.dump();
}

// A problem at `path` whose message holds `words`.
inline auto is_problem(const std::string& path, const std::string& words = "") {
  return ::testing::AllOf(
      ::testing::Field("path", &Problem::path, path),
      ::testing::Field("message", &Problem::message, ::testing::HasSubstr(words)));
}

}  // namespace relevo::config::test

namespace relevo::config {
inline void PrintTo(const Problem& problem, std::ostream* out) {
  *out << problem.path << ": " << problem.message;
}
}  // namespace relevo::config
