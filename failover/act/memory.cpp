#include "failover/act/memory.hpp"

#include <algorithm>
#include <filesystem>

namespace relevo::act {
namespace {

std::string base_path(const ControllerSettings& settings) {
  if (settings.state_dir.empty()) return "";
  std::string file = settings.cluster;
  std::replace(file.begin(), file.end(), '/', '_');
  return settings.state_dir + "/" + file;
}

std::optional<model::NodeId> id_of(const ControllerSettings& settings, const std::string& name) {
  for (model::NodeId node = 0; node < settings.nodes.size(); ++node) {
    if (settings.nodes[node].name == name) return node;
  }
  return std::nullopt;
}

std::vector<model::NodeId> ids_of(const ControllerSettings& settings,
                                  const std::vector<std::string>& names) {
  std::vector<model::NodeId> ids;
  for (const auto& name : names) {
    if (const auto id = id_of(settings, name)) ids.push_back(*id);
  }
  return ids;
}

std::vector<std::string> names_of(const ControllerSettings& settings,
                                  const std::vector<model::NodeId>& ids) {
  std::vector<std::string> names;
  names.reserve(ids.size());
  for (const auto id : ids) names.push_back(settings.nodes[id].name);
  return names;
}

}  // namespace

Memory::Memory(const ControllerSettings& settings)
    : settings_(settings), base_(base_path(settings)) {}

Result<decide::Hint> Memory::load() {
  if (base_.empty()) return decide::Hint{};
  std::error_code error;
  std::filesystem::create_directories(settings_.state_dir, error);
  if (error) {
    return fail("state_dir", "cannot make " + settings_.state_dir + ": " + error.message());
  }
  const auto stored = journal::AuthorityFile(base_ + ".authority.json").load();
  if (!stored) return tl::make_unexpected(stored.error());
  decide::Hint hint;
  if (!*stored) return hint;
  const auto& authority = **stored;
  hint.epoch = authority.epoch;
  hint.primary = id_of(settings_, authority.primary);
  hint.timeline = authority.timeline;
  hint.soft_fenced = id_of(settings_, authority.soft_fenced);
  hint.death_confirmed = authority.death_confirmed;
  hint.candidate = id_of(settings_, authority.candidate);
  hint.former_primaries = ids_of(settings_, authority.former_primaries);
  hint.needs_repoint = ids_of(settings_, authority.needs_repoint);
  hint.in_doubt = ids_of(settings_, authority.in_doubt);
  hint.maintenance = ids_of(settings_, authority.maintenance);
  hint.diverged = ids_of(settings_, authority.diverged);
  hint.restarted = ids_of(settings_, authority.restarted);
  hint.promise = authority.promise;
  hint.covered_acks = authority.covered_acks;
  hint.started_us.resize(settings_.nodes.size());
  for (const auto& [name, started_us] : authority.started_us) {
    if (const auto id = id_of(settings_, name)) hint.started_us[*id] = started_us;
  }
  return hint;
}

Result<void> Memory::open_journal(const decide::Policy& policy, const decide::ClusterState& state) {
  if (base_.empty()) return {};
  auto opened =
      journal::Journal::open(base_ + ".journal.jsonl", settings_.journal_bytes_max, policy, state);
  if (!opened) return tl::make_unexpected(opened.error());
  journal_ = std::move(*opened);
  return {};
}

Result<void> Memory::record(model::Instant now, const decide::Event& event,
                            const decide::Decision& decision, const decide::ClusterState& after) {
  if (base_.empty()) return {};
  // A journal that cannot be written must not keep the authority from being.
  auto journaled = journal_->record(now, event, decision, after);
  if (!decision.authority_changed) return journaled;

  const auto hint = decide::hint_of(after);
  const auto name_of = [&](std::optional<model::NodeId> node) {
    return node ? settings_.nodes[*node].name : std::string{};
  };
  std::map<std::string, std::int64_t> started_us;
  for (std::size_t node = 0; node < hint.started_us.size(); ++node) {
    if (hint.started_us[node] != 0) {
      started_us[settings_.nodes[node].name] = hint.started_us[node];
    }
  }
  const journal::Authority authority{.epoch = hint.epoch,
                                     .primary = name_of(hint.primary),
                                     .timeline = hint.timeline,
                                     .soft_fenced = name_of(hint.soft_fenced),
                                     .death_confirmed = hint.death_confirmed,
                                     .candidate = name_of(hint.candidate),
                                     .former_primaries = names_of(settings_, hint.former_primaries),
                                     .needs_repoint = names_of(settings_, hint.needs_repoint),
                                     .in_doubt = names_of(settings_, hint.in_doubt),
                                     .maintenance = names_of(settings_, hint.maintenance),
                                     .diverged = names_of(settings_, hint.diverged),
                                     .started_us = std::move(started_us),
                                     .restarted = names_of(settings_, hint.restarted),
                                     .promise = hint.promise,
                                     .covered_acks = hint.covered_acks};
  if (authority == stored_) return journaled;
  if (auto stored = journal::AuthorityFile(base_ + ".authority.json").store(authority); !stored) {
    return stored;
  }
  stored_ = authority;
  return journaled;
}

}  // namespace relevo::act
