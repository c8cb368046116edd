// Facts in, findings out. See check.hpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "failover/doctor/facts.hpp"
#include "topology/model/diagnosis.hpp"

namespace relevo::doctor {

// `only`: a node's name, or "" for all. The others' facts count all the same.
model::Diagnosis diagnose(const ClusterFacts& facts, const std::string& only = "");

// What --fix would run, node by node. Statements that several findings share (a reload)
// come once, after the last of their node.
struct Prescription {
  std::string node;
  std::string check;
  std::string statement;
};
std::vector<Prescription> prescribe(const model::Diagnosis& diagnosis);

// Whether something that --fix was to mend is still there.
bool still_ill(const model::Diagnosis& diagnosis, const std::vector<Prescription>& treated);

// The table of checks as Markdown, as docs/doctor.md shows it.
std::string checks_markdown();

}  // namespace relevo::doctor
