// One connected socket, TCP or Unix, plain or TLS: non-blocking reads and
// writes, and one-shot waits for readiness.
//
// Writes never block and never fail for lack of room: what the kernel doesn't
// take is queued, and blocked() stays true until it has gone. Whoever feeds a
// stream stops reading its source meanwhile; that bounds the queue by one read.
//
// The owner is told of readiness once per wait, and not at all after close().
#pragma once

#include <openssl/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/poller.hpp"

namespace relevo::net {

class StreamOwner {
 public:
  virtual void on_stream_readable() = 0;
  virtual void on_stream_writable() = 0;
  // The stream's owner lives at least until the result does.
  virtual std::shared_ptr<void> keep_alive() = 0;

 protected:
  ~StreamOwner() = default;
};

enum class IoStatus : std::uint8_t {
  ok,
  would_block,
  end,     // the peer closed its side in order
  failed,  // reset, TLS fault, ...: error() tells
};

struct ReadResult {
  IoStatus status = IoStatus::would_block;
  std::size_t bytes = 0;
  bool drained = false;  // fewer bytes than there was room: nothing more to read now
};

enum class HandshakeStatus : std::uint8_t { done, want_read, want_write, failed };

// A stream between two workers: neither registered nor read.
struct DetachedStream {
  int fd = -1;
  SSL* ssl = nullptr;
};

class Stream final : PollHandler {
 public:
  explicit Stream(Poller& poller) : poller_(poller) {}
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_owner(StreamOwner* owner) { owner_ = owner; }
  void adopt(int fd);  // takes ownership; made non-blocking
  void adopt(DetachedStream stream);
  DetachedStream detach();  // only while nothing is queued or waited for
  bool is_open() const { return fd_ >= 0; }
  void close();
  int fd() const { return fd_; }

  ReadResult read(std::span<char> into);
  // Bytes that are there already, without taking them. Plain streams only.
  ReadResult peek(std::span<char> into);
  // ok, or failed. What cannot go now is copied and queued.
  IoStatus write(std::span<const iovec> parts);
  IoStatus write(std::string_view bytes);
  bool blocked() const { return !queue_.empty(); }
  std::size_t queued_bytes() const { return queue_.size() - queue_sent_; }
  IoStatus flush();  // ok: all gone; would_block: some is left

  // The owner is called once when there may be something to read, or room to
  // write; at the earliest in the loop's next turn.
  void wait_readable();
  void wait_writable();
  // As wait_readable(), for an owner that holds bytes which it has read already.
  void wait_with_bytes();

  // TLS. The context must outlive nothing: SSL holds a reference of its own.
  bool begin_tls_server(SSL_CTX* context);
  // `host`: for SNI, and checked against the certificate where `verify_host`.
  bool begin_tls_client(SSL_CTX* context, const std::string& host, bool verify_host, bool direct);
  HandshakeStatus continue_handshake();
  bool is_tls() const { return ssl_ != nullptr; }
  SSL* ssl() { return ssl_; }

  const std::string& error() const { return error_; }

 private:
  ReadResult read_tls(std::span<char> into);
  std::ptrdiff_t write_some(const iovec* parts, int count);  // bytes; -1 would block; -2 failed
  std::ptrdiff_t written(ssize_t sent);                      // what a system call's answer means
  std::ptrdiff_t write_tls(const iovec* parts, int count);
  // What OpenSSL has used up, by SSL_get_error(): only the kernel's next edge brings more.
  void note_tls_read_wait(int reason);
  void note_tls_write_wait(int reason);

  void on_poll(std::uint32_t events) override;

  Poller& poller_;
  StreamOwner* owner_ = nullptr;
  int fd_ = -1;
  // An edge was seen and what it announced is not used up.
  bool readable_ = false, writable_ = false;
  bool want_read_ = false, want_write_ = false;
  bool hung_up_ = false;  // the peer is done: its last bytes and its end come without another edge
  // TLS may have to write before it can read on, and the other way round (key updates).
  bool read_needs_room_ = false, write_needs_bytes_ = false;
  SSL* ssl_ = nullptr;
  std::string queue_;
  std::size_t queue_sent_ = 0;
  std::string error_;
};

}  // namespace relevo::net
