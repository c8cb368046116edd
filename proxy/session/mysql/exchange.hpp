// The conversation on one server connection: which answers are still to come,
// what each of them means, and where the transaction stands.
//
// Every command that has an answer leaves an expectation here, in order; every
// packet that comes back is matched against the oldest one. That is what lets the
// proxy send commands of its own in the same packet as the client's (a SET, a
// COM_STMT_PREPARE), take their answers out again, and know at each moment whether
// the connection may go back to the pool. Servers read one command after the
// other and never drop what is already there, so commands may be sent ahead.
//
// A server numbers packets anew for each command, counting on from the command's
// own, so a client's reply passes byte for byte with the server's numbers in it.
// Where not: when packets are added or left out on the way (an EOF that one side
// knows and the other doesn't, a progress report), every later packet of that
// reply is renumbered, and so are the client's own when it sends a file.
//
// Invariant: idle() is true exactly when the server owes nothing and the client
// has been told everything.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "proxy/session/mysql/effects.hpp"
#include "proxy/session/mysql/reply.hpp"

namespace relevo::session::mysql {

enum class Audience : std::uint8_t { client, proxy };

struct Sent {
  wire::mysql::Command command = wire::mysql::Command::query;
  Audience audience = Audience::client;
  Meaning meaning{};                   // of what runs; for the client's only
  std::uint32_t client_statement = 0;  // of COM_STMT_PREPARE: the number that the client is told
  std::int8_t renumber = 0;            // packets of the client's command, less those sent on
};

// What to do with one packet of the server.
struct Verdict {
  PacketKind kind = PacketKind::row;
  bool forward = false;       // the packet itself, with `sequence` in its header
  std::uint8_t sequence = 0;  //
  bool violation = false;     // a packet that cannot come now: the connection is lost
  bool complete = false;      // a reply ended: see done()
  bool failed = false;        // ... with an error
  bool for_proxy = false;     // it belongs to a reply to a command of our own
};

// Whole packets for the client around the one at hand.
struct Additions {
  std::string before;  // also: instead of it
  std::string after;
  void clear() {
    before.clear();
    after.clear();
  }
};

// One command and its reply, complete.
struct Done {
  wire::mysql::Command command = wire::mysql::Command::query;
  Audience audience = Audience::client;
  Meaning meaning;
  Outcome outcome;
  std::uint32_t client_statement = 0;
};

class Exchange {
 public:
  // After the log-in: what was negotiated with the server, and its status.
  void on_logged_in(wire::mysql::Capabilities server, wire::mysql::StatusFlags status);
  // Whom answers are for from now on.
  void lend(wire::mysql::Capabilities client) { client_ = client; }

  // -- what was sent ---------------------------------------------------------
  // Commands without an answer (COM_STMT_CLOSE, ...) are not expected; see note_unanswered().
  void expect(Sent sent);

  // -- what came back --------------------------------------------------------
  bool wants_whole(const wire::mysql::PacketHeader& header, std::uint8_t first) const;
  // `payload`: at least kind_bytes of it where there are so many; all of it where
  // wants_whole() says so. `additions`: appended to.
  Verdict on_packet(const wire::mysql::PacketHeader& header, wire::mysql::Bytes payload,
                    Additions& additions);
  // The command whose reply was completed by the last packet. Once.
  Done take_done() { return std::exchange(done_, {}); }

  // The server waits for the client's file.
  bool wants_client_data() const { return !idle() && pending_[head_].reply.wants_client_data(); }
  // A packet of that file: the sequence number that the server expects in it.
  std::uint8_t on_client_data(const wire::mysql::PacketHeader& header);

  // -- where we stand --------------------------------------------------------
  bool idle() const { return head_ == pending_.size(); }
  bool in_transaction() const {
    return status_.has(wire::mysql::Status::in_transaction) ||
           status_.has(wire::mysql::Status::in_transaction_readonly);
  }
  bool autocommit() const { return status_.has(wire::mysql::Status::autocommit); }
  wire::mysql::StatusFlags status() const { return status_; }
  // What the server says now answers a command of our own.
  bool answers_proxy() const { return !idle() && pending_[head_].audience == Audience::proxy; }
  // The last reply was an error, which doesn't carry the status, and a transaction
  // may have begun or ended with it: COM_PING tells. Until then this may be wrong:
  bool must_confirm() const { return idle() && unconfirmed_; }
  // The client has seen a part of the reply under way.
  bool answer_begun() const { return answer_begun_; }
  // Whether a commit may be under way: something that ends a transaction, or
  // that writes outside of one, was sent and is not yet answered.
  bool outcome_open() const;
  // Replies that the client still waits for.
  std::size_t owed_answers() const;
  // The next sequence number for a packet that we make up in the reply under way.
  std::uint8_t next_sequence() const { return next_sequence_; }

 private:
  struct Expectation {
    wire::mysql::Command command = wire::mysql::Command::query;
    Audience audience = Audience::client;
    bool outcome_matters = false;
    std::int8_t renumber = 0;
    std::uint32_t client_statement = 0;
    Reply reply;
    Meaning meaning;
  };
  Expectation& front() { return pending_[head_]; }
  void pop();
  bool outcome_matters(const Sent& sent) const;
  void note_end(const Expectation& expectation, const Reply::Step& step);
  void complete_front();
  void translate(const wire::mysql::PacketHeader& header, wire::mysql::Bytes payload,
                 const Reply::Step& step, Verdict& verdict, Additions& additions);
  void insert_definitions_end(std::string& out, std::uint8_t sequence);
  void translate_end(wire::mysql::Bytes payload, Verdict& verdict, Additions& additions);

  wire::mysql::Capabilities server_, client_;
  wire::mysql::StatusFlags status_{wire::mysql::Status::autocommit};
  // A queue in a vector: what lies before head_ is done. Emptied, it starts over,
  // so that the everyday conversation allocates nothing.
  std::vector<Expectation> pending_;
  std::size_t head_ = 0;
  Outcome outcome_;  // of the reply under way
  Done done_;
  int shift_ = 0;  // added to the server's sequence numbers
  std::uint8_t next_sequence_ = 0;
  bool owes_definitions_end_ = false;  // an EOF that the client is to get ahead of the next packet
  bool data_continues_ = false;        // the client's last packet of a file was a full one
  bool unconfirmed_ = false;
  bool answer_begun_ = false;
  bool own_failed_ = false;  // a command of our own failed: what runs behind it is not for clients
};

}  // namespace relevo::session::mysql
