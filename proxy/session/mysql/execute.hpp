// COM_STMT_EXECUTE on its way to a server that knows the statement by another
// number, and may not know its parameters' types.
//
// Only what stands ahead of the parameters' values is looked at and replaced, so a
// value of any size passes through. Where types are put in, the payload grows: one
// that fills several packets has to be cut anew (see Repacket).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/session/mysql/prepared.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

struct ExecutePlan {
  enum class Status : std::uint8_t {
    ready,
    malformed,
    no_types,  // it relies on types that were never sent: error 1210
  };
  Status status = Status::malformed;
  // `head_bytes` at the front of the client's payload are replaced by `head`; the
  // rest follows unchanged.
  std::string head;
  std::size_t head_bytes = 0;
  bool cursor = false;  // it asks for one
};

// `payload`: from the command byte; of one that is too large its beginning, in
// which everything ahead of the values has to be. For COM_STMT_EXECUTE and
// COM_STMT_BULK_EXECUTE. Notes the types on both sides; after an error the server
// may not have taken them: forget_types().
ExecutePlan plan_execute(wire::Bytes payload, std::uint64_t payload_bytes,
                         wire::mysql::Capabilities client, ClientStatement& statement,
                         ServerStatement& server);

inline void forget_types(ServerStatement& server) { server.types = nullptr; }

// COM_STMT_FETCH, _RESET, _CLOSE, _SEND_LONG_DATA: the number at the front, replaced.
// `payload`: its first five bytes at least.
std::string with_statement_number(std::string_view payload, std::uint32_t number);

// Cuts one payload that grew by a few bytes into packets again, as it comes. Fed
// with the client's packets it gives out the same bytes behind other headers.
//
// A packet's header has to be written before its bytes are all here, so what is
// still to come must be known: a packet is given out once the header of the
// client's next packet says that there is enough to fill it, or that there isn't.
// The bytes of the difference are held back from each packet for the next.
class Repacket {
 public:
  // `head` replaces `head_bytes` of the first packet.
  Repacket(std::string head, std::size_t head_bytes);

  // The client's next packet begins.
  void on_packet(std::uint32_t body_bytes, std::string& out);
  // Bytes of it, however they are cut.
  void on_bytes(std::string_view bytes, std::string& out);
  bool done() const { return done_; }
  std::uint8_t packets() const { return sequence_; }  // given out so far

 private:
  void begin_packet(std::uint64_t body_bytes, std::string& out);
  void put(std::string_view bytes, std::string& out);

  std::string held_;            // what comes ahead of the client's next bytes
  std::size_t drop_;            // of the client's, at the front
  std::uint32_t in_left_ = 0;   // of the client's packet
  bool in_last_ = false;        // it is the payload's last
  std::uint64_t out_left_ = 0;  // of ours
  bool out_full_ = false;       // ours is full: another follows
  std::uint8_t sequence_ = 0;
  bool done_ = false;
};

}  // namespace relevo::session::mysql
