// What a client asks for next: one simple query, or extended messages up to
// their Sync. Looked at as a whole before the first byte goes to a server, since
// all of a batch has to go to the same one.
//
// Waiting for the Sync costs nothing: a server doesn't answer before it either.
// A batch that ends with Flush, or that is larger than the buffer, is not known
// to its end and goes to the primary.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"
#include "proxy/route/refused.hpp"
#include "proxy/session/postgres/prepared.hpp"

namespace relevo::session::postgres {

// A session's prepared statements by the client's names; "" is the unnamed one.
using StatementNames = std::map<std::string, Prepared, std::less<>>;

struct BatchPlan {
  enum class Status : std::uint8_t {
    need_more,  // the next messages are not all here
    ready,
    terminate,  // the client says goodbye
    malformed,  // error(): 08P01
  };
  Status status = Status::need_more;
  std::string_view error;

  std::size_t bytes = 0;   // of the batch, as far as it is known
  bool whole = false;      // ends with Sync, or is one query: it may be sent again
  bool query = false;      // a simple query
  bool oversized = false;  // a message does not fit the buffer
  bool ends_with_sync = false;
  bool executes = false;        // something runs, beyond preparing and describing
  bool nothing_to_ask = false;  // only Close of statements, Flush, Sync: we can answer
  route::Demand demand;
  route::Analysis analysis;  // of a simple query that is not oversized; points into the bytes
  std::string_view reason;   // what decided, for people: static text
  bool token = false;        // a simple query for a consistency token
  bool bad_token = false;    // it sets relevo.after to something else than a token
  bool begins_transaction = false;
  bool ends_transaction = false;  // some statement is a COMMIT or ROLLBACK
  bool only_ends = false;         // and that is all it does
  bool commits = false;           // ... by COMMIT
};

// `bytes_max`: more than this is not buffered. `statements`: the session's own.
// `refused`: what replicas refused before (may be null). `plan`: written anew.
void plan_batch(BatchPlan& plan, std::string_view bytes, std::size_t bytes_max,
                const StatementNames& statements, PreparedTable& table, route::Dialect dialect,
                const route::RefusedShapes* refused = nullptr);

}  // namespace relevo::session::postgres
