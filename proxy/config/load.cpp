#include "proxy/config/load.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "proxy/config/checks.hpp"
#include "proxy/config/settings.hpp"

namespace relevo::config {
namespace {

std::optional<std::string> process_environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

Result<std::string> read_whole_file(const std::filesystem::path& file) {
  const auto failed = [] { return fail("io", std::strerror(errno)); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rbe"),
                                                               &std::fclose);
  if (!stream) return failed();
  std::string content(max_file_bytes + 1, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), stream.get()));
  if (std::ferror(stream.get()) != 0) return failed();  // a folder opens, and fails here
  if (content.size() > max_file_bytes)
    return fail("io", "longer than " + std::to_string(max_file_bytes) + " bytes");
  return content;
}

tl::unexpected<std::vector<Problem>> refuse(Problem problem) {
  return tl::make_unexpected(std::vector<Problem>{std::move(problem)});
}

}  // namespace

LoadContext::LoadContext() : environment(&process_environment), read_file(&read_whole_file) {}

tl::expected<Config, std::vector<Problem>> parse(std::string_view text,
                                                 const LoadContext& context) {
  auto json = read_json(text);
  if (!json) return refuse(std::move(json.error()));

  Reading reading{context, std::move(json->duplicates), {}};
  auto config = settings().read(json->root, Place(reading, "$"));
  if (config) check(*config, reading);
  if (!reading.problems.empty()) return tl::make_unexpected(std::move(reading.problems));
  return *std::move(config);
}

tl::expected<Config, std::vector<Problem>> load(const std::filesystem::path& file) {
  LoadContext context;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(file, error);
  if (error) return refuse({"$", "cannot read " + file.string() + ": " + error.message()});
  context.folder = absolute.parent_path();

  const auto text = context.read_file(absolute);
  if (!text) return refuse({"$", "cannot read " + file.string() + ": " + text.error().message});
  return parse(*text, context);
}

}  // namespace relevo::config
