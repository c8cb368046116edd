#define ZLIB_CONST  // inputs are const, then
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "proxy/wire/mysql/compression.hpp"
#include "proxy/wire/mysql/lenenc.hpp"
#include "topology/model/check.hpp"

namespace relevo::wire::mysql {
namespace {

// Output grows by this much at a time.
constexpr std::size_t step_bytes = 64 * 1024;
// A packet's content is below 2^24 bytes, so no honest frame needs a larger window.
constexpr int zstd_window_log_max = 24;
// Deflate makes no more of a byte than this, and a few bytes of zlib's own.
constexpr std::size_t deflate_ratio_max = 1032;

const Bytef* input(Bytes bytes) { return reinterpret_cast<const Bytef*>(bytes.data()); }

void append_header(std::string& out, std::size_t body_bytes, std::uint8_t sequence,
                   std::size_t plain_bytes) {
  for (int i = 0; i < 3; ++i) out += static_cast<char>(body_bytes >> (8 * i));
  out += static_cast<char>(sequence);
  for (int i = 0; i < 3; ++i) out += static_cast<char>(plain_bytes >> (8 * i));
}

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

// Made when first needed: many connections only ever read, or only write.
struct Codec::Contexts {
  std::optional<z_stream> inflater;
  std::optional<z_stream> deflater;
  std::unique_ptr<ZSTD_DCtx, FreeZstd> zstd_reader;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd_writer;

  Contexts() = default;
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts() {
    if (inflater) inflateEnd(&*inflater);
    if (deflater) deflateEnd(&*deflater);
  }
};

Codec::Codec(Compression compression, std::optional<int> level)
    : compression_(compression), contexts_(std::make_unique<Contexts>()) {
  level_ = compression == Compression::zlib
               ? std::clamp(level.value_or(limits::zlib_level), 1, Z_BEST_COMPRESSION)
               : std::clamp(level.value_or(limits::zstd_level), 1, limits::zstd_level_max);
}
Codec::~Codec() = default;
Codec::Codec(Codec&&) noexcept = default;
Codec& Codec::operator=(Codec&&) noexcept = default;

bool Codec::decompress(Bytes body, std::uint32_t plain_bytes, std::string& out) {
  if (plain_bytes > limits::packet_bytes) return false;
  const std::size_t before = out.size();
  const bool whole = compression_ == Compression::zlib ? inflate(body, plain_bytes, out)
                                                       : unzstd(body, plain_bytes, out);
  if (!whole) out.resize(before);
  return whole;
}

bool Codec::inflate(Bytes body, std::size_t plain_bytes, std::string& out) {
  if (plain_bytes > body.size() * deflate_ratio_max) return false;
  if (!contexts_->inflater) {
    contexts_->inflater.emplace();
    RELEVO_CHECK(inflateInit(&*contexts_->inflater) == Z_OK);
  }
  z_stream& stream = *contexts_->inflater;
  RELEVO_CHECK(inflateReset(&stream) == Z_OK);
  stream.next_in = input(body);
  stream.avail_in = static_cast<uInt>(body.size());
  const std::size_t before = out.size();
  for (;;) {
    // One byte of room more than is due: what makes too much must be seen.
    const std::size_t at = out.size();
    const std::size_t room = std::min(step_bytes, plain_bytes + 1 - (at - before));
    out.resize(at + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = static_cast<uInt>(room);
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    const std::size_t made = out.size() - before;
    if (status == Z_STREAM_END) return made == plain_bytes && stream.avail_in == 0;
    if (status != Z_OK || made > plain_bytes || stream.avail_out > 0) return false;
  }
}

bool Codec::unzstd(Bytes body, std::size_t plain_bytes, std::string& out) {
  if (!contexts_->zstd_reader) {
    contexts_->zstd_reader.reset(ZSTD_createDCtx());
    RELEVO_CHECK(contexts_->zstd_reader != nullptr);
    ZSTD_DCtx_setParameter(contexts_->zstd_reader.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
  }
  ZSTD_DCtx* const context = contexts_->zstd_reader.get();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  const std::size_t before = out.size();
  for (;;) {
    const std::size_t at = out.size();
    const std::size_t room = std::min(step_bytes, plain_bytes + 1 - (at - before));
    out.resize(at + room);
    ZSTD_outBuffer to{out.data() + at, room, 0};
    const std::size_t left = ZSTD_decompressStream(context, &to, &in);
    out.resize(at + to.pos);
    const std::size_t made = out.size() - before;
    if (ZSTD_isError(left) != 0) return false;
    if (left == 0) return made == plain_bytes && in.pos == in.size;
    if (made > plain_bytes || to.pos < room) return false;  // the body ended too early
  }
}

std::uint8_t Codec::compress(Bytes plain, std::uint8_t sequence, std::string& out) {
  while (!plain.empty()) {
    const Bytes part = plain.first(std::min<std::size_t>(plain.size(), limits::packet_bytes));
    plain = plain.subspan(part.size());
    const std::size_t header_at = out.size();
    append_header(out, 0, sequence, 0);
    const std::size_t body_at = out.size();
    const bool smaller = part.size() >= limits::compress_from_bytes && try_compress(part, out);
    if (!smaller) out += as_text(part);
    std::string header;
    append_header(header, out.size() - body_at, sequence, smaller ? part.size() : 0);
    out.replace(header_at, header.size(), header);
    ++sequence;
  }
  return sequence;
}

bool Codec::try_compress(Bytes plain, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + plain.size());  // more room would be no saving
  std::size_t made = 0;
  if (compression_ == Compression::zlib) {
    if (!contexts_->deflater) {
      contexts_->deflater.emplace();
      RELEVO_CHECK(deflateInit(&*contexts_->deflater, level_) == Z_OK);
    }
    z_stream& stream = *contexts_->deflater;
    RELEVO_CHECK(deflateReset(&stream) == Z_OK);
    stream.next_in = input(plain);
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    stream.avail_out = static_cast<uInt>(plain.size());
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) made = plain.size() - stream.avail_out;
  } else {
    if (!contexts_->zstd_writer) {
      contexts_->zstd_writer.reset(ZSTD_createCCtx());
      RELEVO_CHECK(contexts_->zstd_writer != nullptr);
    }
    const std::size_t size = ZSTD_compressCCtx(contexts_->zstd_writer.get(), out.data() + at,
                                               plain.size(), plain.data(), plain.size(), level_);
    if (ZSTD_isError(size) == 0) made = size;
  }
  const bool smaller = made > 0 && made < plain.size();
  out.resize(smaller ? at + made : at);
  return smaller;
}

}  // namespace relevo::wire::mysql
