#include "failover/doctor/diagnose.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "failover/doctor/check.hpp"

namespace relevo::doctor {
namespace {

std::array<std::span<const Check>, 4> tables() {
  return {postgres_checks(), mysql_checks(), semi_sync_checks(), account_checks()};
}

unsigned server_of(model::Flavor flavor) {
  switch (flavor) {
    case model::Flavor::postgres:
      return postgres;
    case model::Flavor::mysql:
      return mysql;
    case model::Flavor::mariadb:
      return mariadb;
  }
  return postgres;
}

// No statement tells what an option file says once another has set the value.
void note_hidden_option_files(const ClusterFacts& facts, model::Diagnosis& diagnosis) {
  std::string nodes;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.option_file_hidden()) continue;
    nodes += (nodes.empty() ? "" : ", ") + node.name;
  }
  if (nodes.empty()) return;
  diagnosis.not_checked.push_back(
      "whether read_only = ON stands in the option file of " + nodes +
      ": a statement or the command line has set it since, and hides what a restart brings");
}

// Those of one gravity in the table's order. (Clang refuses std::stable_sort of GCC 12's
// library, which uses what it calls deprecated.)
std::vector<model::Finding> worst_first(std::vector<model::Finding> findings) {
  std::vector<model::Finding> ordered;
  ordered.reserve(findings.size());
  for (const auto gravity :
       {model::Gravity::error, model::Gravity::warning, model::Gravity::note}) {
    for (model::Finding& finding : findings) {
      if (finding.gravity == gravity) ordered.push_back(std::move(finding));
    }
  }
  return ordered;
}

}  // namespace

model::Diagnosis diagnose(const ClusterFacts& facts, const std::string& only) {
  model::Diagnosis diagnosis;
  diagnosis.cluster = facts.cluster;
  for (const NodeFacts& node : facts.nodes) {
    if (!only.empty() && node.name != only) continue;
    model::NodeDiagnosis told;
    told.name = node.name;
    told.address = node.address;
    told.role = node.role;
    told.version = node.version;
    told.reachable = node.reachable;
    told.error = node.error;
    if (node.reachable) {
      for (const auto& table : tables()) {
        for (const Check& check : table) {
          if ((check.servers & server_of(node.flavor)) == 0) continue;
          Subject subject(facts, node, check, told.findings);
          check.judge(subject);
        }
      }
    }
    told.findings = worst_first(std::move(told.findings));
    diagnosis.nodes.push_back(std::move(told));
  }
  note_hidden_option_files(facts, diagnosis);
  return diagnosis;
}

std::vector<Prescription> prescribe(const model::Diagnosis& diagnosis) {
  std::vector<Prescription> all;
  for (const model::NodeDiagnosis& node : diagnosis.nodes) {
    std::vector<Prescription> reloads;
    for (const model::Finding& finding : node.findings) {
      if (!finding.mended_by_fix()) continue;
      const bool reload = finding.takes_effect == TakesEffect::reload;
      for (std::size_t i = 0; i < finding.statements.size(); ++i) {
        const bool last = i + 1 == finding.statements.size();
        Prescription one{finding.on, finding.check, finding.statements[i]};
        if (reload && last) {
          reloads = {Prescription{finding.on, "reload", finding.statements[i]}};
        } else {
          all.push_back(std::move(one));
        }
      }
    }
    all.insert(all.end(), reloads.begin(), reloads.end());
  }
  return all;
}

bool still_ill(const model::Diagnosis& diagnosis, const std::vector<Prescription>& treated) {
  return std::any_of(treated.begin(), treated.end(), [&](const Prescription& one) {
    return std::any_of(
        diagnosis.nodes.begin(), diagnosis.nodes.end(), [&](const model::NodeDiagnosis& node) {
          return node.name == one.node &&
                 std::any_of(node.findings.begin(), node.findings.end(), [&](const auto& finding) {
                   return finding.check == one.check && finding.mended_by_fix();
                 });
        });
  });
}

std::string checks_markdown() {
  std::string text = "| check | servers | wanted | because |\n|---|---|---|---|\n";
  for (const auto& table : tables()) {
    for (const Check& check : table) {
      const char* servers = check.servers == postgres  ? "PostgreSQL"
                            : check.servers == mysql   ? "MySQL"
                            : check.servers == mariadb ? "MariaDB"
                            : check.servers == every   ? "all"
                                                       : "MariaDB, MySQL";
      text += "| `" + std::string(check.name) + "` | " + servers + " | " +
              std::string(check.wanted) + " | " + std::string(check.why) + " |\n";
    }
  }
  return text;
}

}  // namespace relevo::doctor
