// A commit that was made without its replicas' word, and how the client hears of it.
//
// When a backend's wait for synchronous replication is cancelled, or the backend is ended
// by an administrator, the transaction is committed and stays so. The server says it in a
// WARNING that drivers throw away, and then answers as if all were well (SyncRepWaitForLSN
// in PostgreSQL's syncrep.c). An application that was promised replicas takes that for an
// acknowledgement which it is not, whoever made the server wait. So the client gets an
// ErrorResponse, 08007: as with every lost acknowledgement it has to look for itself.
//
// The error is the last thing ahead of ReadyForQuery. There it is legal whatever was asked
// (a commit that fails at Sync is reported there, too), and there libpq's PQexec and the
// drivers on top of it, which keep the last result, cannot lose it. The commit's own
// CommandComplete, if it would stand right before, is left out: the error takes its place.
//
// Invariant: once noticed, no ReadyForQuery passes before the error was told.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/postgres/types.hpp"

namespace relevo::session::postgres {

// Whether this NoticeResponse is that WARNING. By fields that no server translates: its
// SQLSTATE differs by who cancelled the wait, the routine that says it doesn't.
bool says_unreplicated(wire::postgres::Bytes notice);

class UnreplicatedCommit {
 public:
  bool open() const { return open_; }
  void note(wire::postgres::Bytes notice);

  // `whole` is to be passed on to the client. What goes ahead of it is appended to `out`.
  // False: it is kept back for now. `ready_is_next`: of a CommandComplete, that the
  // server owes nothing that the client could wait for before ReadyForQuery.
  bool pass(wire::postgres::Backend type, std::string_view whole, bool ready_is_next,
            std::string& out);
  // Ahead of a ReadyForQuery of our own.
  void tell(std::string& out);

 private:
  bool open_ = false;
  bool uncompleted_ = false;  // the statement that was committed has no CommandComplete yet
  std::string detail_;        // the server's own words, in its language
  std::string kept_;          // a CommandComplete until it is known what follows
};

}  // namespace relevo::session::postgres
