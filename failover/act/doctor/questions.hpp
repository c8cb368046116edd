// What a server is asked for doctor's checks, and how its answers are read: a table
// each for PostgreSQL and for MySQL and MariaDB. Nothing here changes a server.
//
// A question that a version does not know is not sent to it (`text` is empty then). An
// answer that is refused, for want of a privilege, leaves its facts absent; which
// privilege that is, a question about privileges tells.
#pragma once

#include <span>
#include <string>

#include "failover/doctor/facts.hpp"
#include "topology/client/connection.hpp"

namespace relevo::act {

struct Question {
  std::string (*text)(const doctor::ClusterFacts&, const doctor::NodeFacts&);
  void (*read)(const client::Rows&, doctor::NodeFacts&);
};

// The first of each says which server this is: without an answer there is no more to ask.
std::span<const Question> postgres_questions();
std::span<const Question> mysql_questions();

}  // namespace relevo::act
