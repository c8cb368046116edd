#include "failover/journal/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failover/journal/codec.hpp"

namespace relevo::journal {
namespace {

tl::unexpected<Error> system_failure(const std::string& what) {
  const int error = errno;
  return fail("journal_io", what + ": " + std::strerror(error));
}

// Steps without a rule that need no line of their own: a later one of the same
// kind says everything that they said.
bool superseded_by_next(const decide::Event& event) {
  return std::holds_alternative<decide::Tick>(event) ||
         std::holds_alternative<decide::Observed>(event) ||
         std::holds_alternative<decide::ViewApplied>(event) ||
         std::holds_alternative<decide::ViewPublished>(event);
}

}  // namespace

Journal::Journal(std::string path, std::uint64_t bytes_max, decide::Policy policy)
    : path_(std::move(path)), bytes_max_(bytes_max), policy_(std::move(policy)) {}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

Result<std::unique_ptr<Journal>> Journal::open(std::string path, std::uint64_t bytes_max,
                                               const decide::Policy& policy,
                                               const decide::ClusterState& state) {
  std::unique_ptr<Journal> journal(new Journal(std::move(path), bytes_max, policy));
  if (auto opened = journal->open_file(); !opened) return tl::make_unexpected(opened.error());
  if (auto done = journal->append_snapshot(state); !done) {
    return tl::make_unexpected(done.error());
  }
  return journal;
}

Result<void> Journal::open_file() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (file_ < 0) return system_failure("cannot open " + path_);
  const auto end = ::lseek(file_, 0, SEEK_END);
  if (end < 0) return system_failure("cannot read " + path_);
  bytes_ = static_cast<std::uint64_t>(end);
  // A line that a crash has torn must not swallow the next one.
  char last = '\n';
  if (end > 0 && ::pread(file_, &last, 1, end - 1) == 1 && last != '\n') return append("");
  return {};
}

Result<void> Journal::append(const std::string& line) {
  const std::string text = line + "\n";
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(file_, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_failure("cannot write " + path_);
    done += static_cast<std::size_t>(written);
  }
  bytes_ += text.size();
  return {};
}

Result<void> Journal::append_snapshot(const decide::ClusterState& state) {
  skipped_evidence_.reset();
  skipped_applied_.reset();
  skipped_published_.reset();
  return append(encode(Snapshot{policy_, state}));
}

Result<void> Journal::record(model::Instant now, const decide::Event& event,
                             const decide::Decision& decision, const decide::ClusterState& after) {
  if (decision.rule == 0 && superseded_by_next(event)) {
    if (std::holds_alternative<decide::Observed>(event)) {
      skipped_evidence_ = Skipped{now, event};
    } else if (std::holds_alternative<decide::ViewApplied>(event)) {
      skipped_applied_ = Skipped{now, event};
    } else if (std::holds_alternative<decide::ViewPublished>(event)) {
      // Only the first after a PublishView counts.
      if (!skipped_published_) skipped_published_ = Skipped{now, event};
    }
    return {};
  }
  for (auto* skipped : {&skipped_published_, &skipped_evidence_, &skipped_applied_}) {
    if (!*skipped) continue;
    const auto line = encode((*skipped)->now, (*skipped)->event, decide::Decision{});
    if (auto done = append(line); !done) return done;
    skipped->reset();
  }
  if (auto done = append(encode(now, event, decision)); !done) return done;
  if (decision.authority_changed && ::fdatasync(file_) != 0) {
    return system_failure("cannot sync " + path_);
  }
  return rotate_if_full(after);
}

Result<void> Journal::rotate_if_full(const decide::ClusterState& after) {
  if (bytes_ < bytes_max_ / 2) return {};
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) {
    return system_failure("cannot rotate " + path_);
  }
  ::close(file_);
  file_ = -1;
  if (auto opened = open_file(); !opened) return opened;
  return append_snapshot(after);
}

}  // namespace relevo::journal
