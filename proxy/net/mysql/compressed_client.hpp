// The compressed protocol with one client, between its socket and its session: what
// comes in is unpacked into the session's buffer, what goes out is packed.
//
// Invariant: for one client at most one compressed packet is held, whole or not, and
// the plain bytes of one: 32 MiB in all while it sends packets of that size, and
// nothing while it sends none. The next one is unpacked when these have gone.
//
// Compressed packets are counted within a command and its answer, both directions
// together, as packets are. So a command that was sent ahead is unpacked, and its
// number taken, only when the one before has been answered: see may_unpack() of
// the session.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proxy/net/buffer.hpp"
#include "proxy/net/segments.hpp"
#include "proxy/wire/mysql/compression.hpp"

namespace relevo::net::mysql {

class CompressedClient {
 public:
  // `codec`: of the worker; it outlives this.
  CompressedClient(BlockPool& blocks, wire::mysql::Codec& codec) : codec_(codec), packed_(blocks) {}

  // -- from the client ---------------------------------------------------------
  // Where to read to; empty while what was read before waits.
  std::span<char> room();
  void commit(std::size_t bytes) { packed_.commit(bytes); }
  // Bytes that were read together with the log-in's end.
  void take(std::string_view bytes);
  // Something may come of unpack().
  bool pending() const { return plain_at_ < plain_.size() || !packed_.empty(); }
  // Moves plain bytes into `in`, which grows up to `size_max`. False: what the client
  // sends cannot be read.
  bool unpack(Buffer& in, std::size_t size_max);

  // -- to the client -----------------------------------------------------------
  // Valid until the next call for any client of this worker.
  std::string_view pack(std::span<const iovec> parts);
  // What comes next answers a command that has not been read.
  void answer_unread() { sequence_ = 1; }

 private:
  wire::mysql::Codec& codec_;
  wire::mysql::CompressedReader reader_;
  Buffer packed_;
  std::string plain_;  // unpacked, and not in the session's buffer yet
  std::size_t plain_at_ = 0;
  std::uint8_t sequence_ = 0;  // of our next compressed packet
};

}  // namespace relevo::net::mysql
