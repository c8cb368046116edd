// The extended query messages: Parse, Bind, Describe, Close, Execute.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
//
// Parse and Bind may be far larger than any buffer, yet a proxy only changes the
// names at their front. So their *_head decoders take a prefix of the body
// together with the body's whole length (from the header) and tell "need more
// bytes" from "malformed": a name that isn't closed within the prefix needs more
// unless the prefix is all there is. The matching encoders write the new front
// and a length that counts `rest_bytes` more, which the caller streams as they
// stood: the old body from `rest_at` on.
//
// A caller with a bounded buffer has to refuse a head that doesn't fit it:
// nothing in the protocol limits a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

enum class Target : std::uint8_t { statement = 'S', portal = 'P' };

// Parameter type OIDs, seen in place.
class TypeOids {
 public:
  TypeOids() = default;
  explicit TypeOids(Bytes words) : words_(words) {}
  std::size_t size() const { return words_.size() / 4; }
  std::uint32_t operator[](std::size_t i) const;  // 0: left to the server
  Bytes bytes() const { return words_; }          // for comparing two lists

 private:
  Bytes words_;
};

struct ParseHead {
  std::string_view statement;
  std::size_t rest_at = 0;  // offset in the body of the query text
};

struct Parse {
  std::string_view statement;
  std::string_view query;
  TypeOids types;
};

struct BindHead {
  std::string_view portal;
  std::string_view statement;
  std::size_t rest_at = 0;  // offset in the body of the parameter formats
};

struct DescribeOrClose {
  Target target = Target::statement;
  std::string_view name;
};

struct Execute {
  std::string_view portal;
  std::uint32_t rows_max = 0;  // 0: all
};

// `prefix`: the body's first bytes, as many as there are; `body_bytes`: all of it.
Decoded<ParseHead> decode_parse_head(Bytes prefix, std::size_t body_bytes);
Decoded<BindHead> decode_bind_head(Bytes prefix, std::size_t body_bytes);

// These take the whole body.
Decoded<Parse> decode_parse(Bytes body);
Decoded<DescribeOrClose> decode_describe_or_close(Bytes body);
Decoded<Execute> decode_execute(Bytes body);

void encode_parse_head(Writer& out, std::string_view statement, std::uint32_t rest_bytes);
void encode_bind_head(Writer& out, std::string_view portal, std::string_view statement,
                      std::uint32_t rest_bytes);

void encode_parse(Writer& out, std::string_view statement, std::string_view query, TypeOids types);
void encode_describe(Writer& out, Target target, std::string_view name);
void encode_close(Writer& out, Target target, std::string_view name);
void encode_execute(Writer& out, std::string_view portal, std::uint32_t rows_max);

}  // namespace relevo::wire::postgres
