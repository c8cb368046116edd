#include "proxy/wire/mysql/writer.hpp"

#include <cstring>

#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/lenenc.hpp"
#include "topology/model/check.hpp"

namespace relevo::wire::mysql {
namespace {

void put_header(char* at, std::size_t body_bytes, std::uint8_t sequence) {
  const HeaderBytes header = packet_header_bytes(static_cast<std::uint32_t>(body_bytes), sequence);
  std::memcpy(at, header.data(), header.size());
}

}  // namespace

void Writer::begin() {
  RELEVO_CHECK(!open_);
  open_ = true;
  out_.append(limits::header_bytes, '\0');
}

void Writer::lenenc(std::uint64_t value) {
  RELEVO_CHECK(open_);
  append_lenenc(out_, value);
}

void Writer::lenenc_string(std::string_view text_in) {
  lenenc(text_in.size());
  text(text_in);
}

void Writer::cstring(std::string_view text_in) {
  if (text_in.find('\0') != std::string_view::npos) ok_ = false;
  text(text_in);
  u8(0);
}

// After the first failure nothing is stored any more: the payload is doomed.
void Writer::text(std::string_view text_in) {
  RELEVO_CHECK(open_);
  if (out_.size() - payloads_end_ + text_in.size() > limits::payload_bytes) ok_ = false;
  if (ok_) out_.append(text_in);
}

void Writer::zeros(std::size_t count) {
  RELEVO_CHECK(open_);
  out_.append(count, '\0');
}

void Writer::number(std::uint64_t value, std::size_t size) {
  char wire[8];
  for (std::size_t i = 0; i < size; ++i) wire[i] = static_cast<char>(value >> (8 * i));
  text({wire, size});
}

void Writer::end() {
  RELEVO_CHECK(open_);
  open_ = false;
  if (!ok_) {
    out_.resize(payloads_end_);
    return;
  }
  const std::size_t payload_bytes = out_.size() - payloads_end_ - limits::header_bytes;
  if (payload_bytes < limits::packet_bytes) {  // nearly always
    put_header(out_.data() + payloads_end_, payload_bytes, sequence_++);
  } else {
    split_payload(payload_bytes);
  }
  payloads_end_ = out_.size();
}

// Makes room for the headers in between, from the last packet to the first.
void Writer::split_payload(std::size_t payload_bytes) {
  const auto packets = static_cast<std::size_t>(packets_of(payload_bytes));
  out_.resize(payloads_end_ + static_cast<std::size_t>(framed_bytes(payload_bytes)));
  char* const base = out_.data() + payloads_end_;
  for (std::size_t i = packets; i-- > 0;) {
    const std::size_t from = i * limits::packet_bytes;
    const std::size_t size = std::min<std::size_t>(payload_bytes - from, limits::packet_bytes);
    char* const packet = base + from + i * limits::header_bytes;
    std::memmove(packet + limits::header_bytes, base + limits::header_bytes + from, size);
    put_header(packet, size, static_cast<std::uint8_t>(sequence_ + i));
  }
  sequence_ = static_cast<std::uint8_t>(sequence_ + packets);
}

}  // namespace relevo::wire::mysql
