#include "failover/journal/authority.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace relevo::journal {
namespace {

tl::unexpected<Error> system_failure(const std::string& what) {
  const int error = errno;
  return fail("authority_io", what + ": " + std::strerror(error));
}

// Writes, syncs and closes; the descriptor is closed on every way out.
Result<void> write_whole(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return system_failure("cannot write " + path);
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto failure = system_failure("cannot write " + path);
      ::close(file);
      return failure;
    }
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(file) != 0) {
    auto failure = system_failure("cannot sync " + path);
    ::close(file);
    return failure;
  }
  ::close(file);
  return {};
}

}  // namespace

// The fields without which nothing is known; the others have defaults, so that a
// newer Relevo reads what an older one wrote.
void to_json(nlohmann::json& out, const Authority& a) {
  out = {{"epoch", a.epoch},
         {"primary", a.primary},
         {"timeline", a.timeline},
         {"soft_fenced", a.soft_fenced},
         {"death_confirmed", a.death_confirmed},
         {"candidate", a.candidate},
         {"former_primaries", a.former_primaries},
         {"needs_repoint", a.needs_repoint},
         {"in_doubt", a.in_doubt},
         {"maintenance", a.maintenance},
         {"diverged", a.diverged},
         {"started_us", a.started_us},
         {"restarted", a.restarted}};
  if (!a.promise) return;
  out["promise"] = {{"acks", a.promise->acks},
                    {"acknowledging", a.promise->acknowledging},
                    {"text", a.promise->text},
                    {"covered_acks", a.covered_acks}};
  if (a.promise->lapses_after)
    out["promise"]["lapses_after_us"] = a.promise->lapses_after->count() / 1000;
}

void from_json(const nlohmann::json& in, Authority& a) {
  in.at("epoch").get_to(a.epoch);
  in.at("primary").get_to(a.primary);
  in.at("timeline").get_to(a.timeline);
  in.at("soft_fenced").get_to(a.soft_fenced);
  in.at("death_confirmed").get_to(a.death_confirmed);
  a.candidate = in.value("candidate", std::string{});
  in.at("former_primaries").get_to(a.former_primaries);
  in.at("needs_repoint").get_to(a.needs_repoint);
  a.in_doubt = in.value("in_doubt", a.in_doubt);
  in.at("maintenance").get_to(a.maintenance);
  a.diverged = in.value("diverged", a.diverged);
  a.started_us = in.value("started_us", a.started_us);
  a.restarted = in.value("restarted", a.restarted);
  if (!in.contains("promise")) return;
  const auto& promise = in.at("promise");
  a.promise = decide::Promise{.acks = promise.at("acks").get<unsigned>(),
                              .acknowledging = promise.at("acknowledging").get<unsigned>(),
                              .lapses_after = {},
                              .text = promise.at("text").get<std::string>()};
  a.covered_acks = promise.value("covered_acks", a.covered_acks);
  if (promise.contains("lapses_after_us")) {
    a.promise->lapses_after =
        std::chrono::microseconds(promise.at("lapses_after_us").get<std::int64_t>());
  }
}

Result<std::optional<Authority>> AuthorityFile::load() const {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) {
    if (error) return fail("authority_io", "cannot read " + path_ + ": " + error.message());
    return std::optional<Authority>{};
  }
  std::ifstream file(path_);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return system_failure("cannot read " + path_);
  try {
    return std::optional<Authority>{nlohmann::json::parse(text.str()).get<Authority>()};
  } catch (const nlohmann::json::exception& damage) {
    return fail("authority_damaged", path_ + " cannot be understood: " + damage.what());
  }
}

Result<void> AuthorityFile::store(const Authority& authority) const {
  const std::string temporary = path_ + ".new";
  if (auto done = write_whole(temporary, nlohmann::json(authority).dump(2) + "\n"); !done) {
    return done;
  }
  if (::rename(temporary.c_str(), path_.c_str()) != 0)
    return system_failure("cannot write " + path_);
  // The rename itself has to survive a crash too.
  const auto folder = std::filesystem::path(path_).parent_path().string();
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return system_failure("cannot open " + folder);
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  if (!synced) return system_failure("cannot sync " + folder);
  return {};
}

}  // namespace relevo::journal
