// Every message with a codec, as bytes: encoding gives these bytes, decoding
// them gives the fields back, and any damage is noticed.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "proxy/wire/postgres/authentication.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/constants.hpp"
#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/report.hpp"
#include "proxy/wire/postgres/session_info.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::postgres {
namespace {

using test::wire;
using namespace std::string_literals;

const std::string malformed = "malformed";

std::string show(std::string_view text) { return "[" + std::string(text) + "]"; }

template <typename T, typename Show>
std::string describe(const Decoded<T>& decoded, Show show_value) {
  return decoded ? show_value(*decoded) : malformed;
}

std::string show_authentication(Bytes body) {
  return describe(decode_authentication(body), [](const Authentication& a) {
    std::string text = std::to_string(static_cast<unsigned>(a.kind));
    if (a.kind == AuthenticationKind::md5_password) text += show(as_text(a.salt));
    if (a.kind == AuthenticationKind::sasl) {
      text += a.mechanisms.contains("SCRAM-SHA-256") ? "+scram" : "-scram";
      text += a.mechanisms.contains("SCRAM-SHA-256-PLUS") ? "+plus" : "-plus";
    }
    return text + show(as_text(a.data));
  });
}
std::string show_text(Decoded<std::string_view> decoded) {
  return describe(decoded, [](std::string_view text) { return show(text); });
}
std::string show_report(Bytes body) {
  return describe(decode_report(body), [](const Report& r) {
    return show(r.severity) + show(r.severity_nonlocalized) + show(r.sqlstate) + show(r.message) +
           show(r.detail) + show(r.hint);
  });
}
std::string show_parse(Bytes body) {
  return describe(decode_parse(body), [](const Parse& p) {
    std::string text = show(p.statement) + show(p.query);
    for (std::size_t i = 0; i < p.types.size(); ++i) text += " " + std::to_string(p.types[i]);
    return text;
  });
}
std::string show_target(Bytes body) {
  return describe(decode_describe_or_close(body), [](const DescribeOrClose& m) {
    return std::string(1, static_cast<char>(m.target)) + show(m.name);
  });
}

enum class Tail { closed, open };  // open: a body may end anywhere or go on

struct Row {
  const char* name;
  const char* bytes;
  std::string fields;
  std::function<void(Writer&)> encode;
  std::function<std::string(Bytes)> decode;
  Tail tail = Tail::closed;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"AuthenticationOk", "'R' 00000008 00000000", "0[]",
       [](Writer& w) { encode_authentication_ok(w); }, show_authentication},
      {"AuthenticationCleartextPassword", "'R' 00000008 00000003", "3[]",
       [](Writer& w) { encode_authentication_cleartext(w); }, show_authentication},
      {"AuthenticationMD5Password", "'R' 0000000c 00000005 'salt'", "5[salt][]",
       [](Writer& w) {
         encode_authentication_md5(
             w, {std::byte{'s'}, std::byte{'a'}, std::byte{'l'}, std::byte{'t'}});
       },
       show_authentication},
      {"AuthenticationSASL", "'R' 0000002a 0000000a 'SCRAM-SHA-256-PLUS' 00 'SCRAM-SHA-256' 00 00",
       "10+scram+plus[]",
       [](Writer& w) {
         const std::string_view names[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"};
         encode_authentication_sasl(w, names);
       },
       show_authentication},
      {"AuthenticationSASL, unknown", "'R' 00000011 0000000a 'SCRAM-9' 00 00", "10-scram-plus[]",
       [](Writer& w) {
         const std::string_view names[] = {"SCRAM-9"};
         encode_authentication_sasl(w, names);
       },
       show_authentication},
      {"AuthenticationSASLContinue", "'R' 0000000d 0000000b 'r=abc'", "11[r=abc]",
       [](Writer& w) { encode_authentication_sasl_continue(w, "r=abc"); }, show_authentication,
       Tail::open},
      {"AuthenticationSASLFinal", "'R' 0000000d 0000000c 'v=abc'", "12[v=abc]",
       [](Writer& w) { encode_authentication_sasl_final(w, "v=abc"); }, show_authentication,
       Tail::open},
      {"PasswordMessage", "'p' 0000000a 'hello' 00", "[hello]",
       [](Writer& w) { encode_password(w, "hello"); },
       [](Bytes b) { return show_text(decode_password(b)); }},
      {"SASLInitialResponse", "'p' 00000019 'SCRAM-SHA-256' 00 00000003 'n,,'",
       "[SCRAM-SHA-256][n,,]",
       [](Writer& w) { encode_sasl_initial_response(w, "SCRAM-SHA-256", "n,,"); },
       [](Bytes b) {
         return describe(decode_sasl_initial_response(b), [](const SaslInitialResponse& r) {
           return show(r.mechanism) + (r.data ? show(as_text(*r.data)) : "none");
         });
       }},
      {"SASLResponse", "'p' 00000009 'c=biw'", "[c=biw]",
       [](Writer& w) { encode_sasl_response(w, "c=biw"); },
       [](Bytes b) { return show(as_text(b)); }, Tail::open},
      {"ParameterStatus", "'S' 00000018 'server_version' 00 '15.1' 00", "[server_version][15.1]",
       [](Writer& w) { encode_parameter_status(w, "server_version", "15.1"); },
       [](Bytes b) {
         return describe(decode_parameter_status(b),
                         [](const ParameterStatus& s) { return show(s.name) + show(s.value); });
       }},
      {"BackendKeyData", "'K' 0000000c 00000102 'abcd'", "258[abcd]",
       [](Writer& w) { encode_backend_key_data(w, 258, as_bytes("abcd")); },
       [](Bytes b) {
         return describe(decode_backend_key_data(b), [](const BackendKeyData& k) {
           return std::to_string(k.pid) + show(as_text(k.key));
         });
       },
       Tail::open},
      {"NegotiateProtocolVersion", "'v' 00000014 00030002 00000002 '_pq_.a' 00 00",
       "3.2 2"s + show("_pq_.a\0\0"s),
       [](Writer& w) {
         const std::string_view names[] = {"_pq_.a", ""};
         encode_negotiate_protocol_version(w, version_3_2, names);
       },
       [](Bytes b) {
         return describe(
             decode_negotiate_protocol_version(b), [](const NegotiateProtocolVersion& n) {
               return std::to_string(n.newest.major) + "." + std::to_string(n.newest.minor) + " " +
                      std::to_string(n.unrecognized_count) + show(n.unrecognized);
             });
       }},
      {"ErrorResponse",
       "'E' 00000033 'SFATAL' 00 'VFATAL' 00 'C57P03' 00 'Mstarting' 00 'Dnot yet' 00 'Hwait' 00 "
       "00",
       "[FATAL][FATAL][57P03][starting][not yet][wait]",
       [](Writer& w) {
         encode_error(w, make_report("FATAL", "57P03", "starting", "not yet", "wait"));
       },
       show_report},
      {"NoticeResponse", "'N' 0000001c 'SNOTICE' 00 'VNOTICE' 00 'Mhello' 00 00",
       "[NOTICE][NOTICE][][hello][][]",
       [](Writer& w) { encode_notice(w, make_report("NOTICE", "", "hello")); }, show_report},
      {"Query", "'Q' 0000000d 'select 1' 00", "[select 1]",
       [](Writer& w) { encode_query(w, "select 1"); },
       [](Bytes b) { return show_text(decode_query(b)); }},
      {"CommandComplete", "'C' 0000000b 'COMMIT' 00", "[COMMIT]",
       [](Writer& w) { encode_command_complete(w, "COMMIT"); },
       [](Bytes b) { return show_text(decode_command_complete(b)); }},
      {"CopyFail", "'f' 00000009 'stop' 00", "[stop]",
       [](Writer& w) { encode_copy_fail(w, "stop"); },
       [](Bytes b) { return show_text(decode_copy_fail(b)); }},
      {"ReadyForQuery", "'Z' 00000005 'T'", "T",
       [](Writer& w) { encode_ready_for_query(w, TransactionStatus::in_transaction); },
       [](Bytes b) {
         return describe(decode_ready_for_query(b),
                         [](TransactionStatus s) { return std::string(1, static_cast<char>(s)); });
       }},
      {"NotificationResponse", "'A' 0000000f 00000007 'ch' 00 'pay' 00", "7[ch][pay]",
       [](Writer& w) { encode_notification(w, {7, "ch", "pay"}); },
       [](Bytes b) {
         return describe(decode_notification(b), [](const NotificationResponse& n) {
           return std::to_string(n.pid) + show(n.channel) + show(n.payload);
         });
       }},
      {"Parse", "'P' 0000001b 's1' 00 'select $1' 00 0002 00000017 00000000",
       "[s1][select $1] 23 0",
       [](Writer& w) {
         const std::string types = wire("00000017 00000000");
         encode_parse(w, "s1", "select $1", TypeOids(as_bytes(types)));
       },
       show_parse},
      {"Parse, unnamed", "'P' 00000009 00 'x' 00 0000", "[][x]",
       [](Writer& w) { encode_parse(w, "", "x", {}); }, show_parse},
      {"Describe", "'D' 00000008 'S' 's1' 00", "S[s1]",
       [](Writer& w) { encode_describe(w, Target::statement, "s1"); }, show_target},
      {"Close", "'C' 00000006 'P' 00", "P[]",
       [](Writer& w) { encode_close(w, Target::portal, ""); }, show_target},
      {"Execute", "'E' 0000000b 'p1' 00 00000064", "[p1]100",
       [](Writer& w) { encode_execute(w, "p1", 100); },
       [](Bytes b) {
         return describe(decode_execute(b), [](const Execute& e) {
           return show(e.portal) + std::to_string(e.rows_max);
         });
       }},
  };
  return table;
}

Bytes body_of(const std::string& message) {
  return as_bytes(std::string_view(message).substr(limits::header_bytes));
}

TEST(Messages, AreEncodedAsTheirBytes) {
  for (const Row& row : rows()) {
    const std::string expected = wire(row.bytes);
    std::string buffer;
    Writer grows(buffer);
    row.encode(grows);
    EXPECT_TRUE(grows.ok());
    EXPECT_EQ(buffer, expected) << row.name;
    std::string memory(expected.size(), '\0');
    Writer fixed({reinterpret_cast<std::byte*>(memory.data()), memory.size()});
    row.encode(fixed);
    EXPECT_TRUE(fixed.ok());
    EXPECT_EQ(memory, expected) << row.name;
  }
}

TEST(Messages, HaveHeadersThatFit) {
  for (const Row& row : rows()) {
    const std::string message = wire(row.bytes);
    const auto header = read_header(as_bytes(message));
    ASSERT_TRUE(header) << row.name;
    EXPECT_EQ(header->total_bytes(), message.size()) << row.name;
  }
}

TEST(Messages, AreDecodedToTheirFields) {
  for (const Row& row : rows()) {
    EXPECT_EQ(row.decode(test::HeapBytes(as_text(body_of(wire(row.bytes))))), row.fields)
        << row.name;
  }
}

TEST(Messages, CutAtAnyByteAreMalformed) {
  for (const Row& row : rows()) {
    if (row.tail == Tail::open) continue;
    const std::string body(as_text(body_of(wire(row.bytes))));
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(row.decode(test::HeapBytes(body.substr(0, size))), malformed)
          << row.name << " cut to " << size;
    }
  }
}

TEST(Messages, WithBytesBehindTheirEndAreMalformed) {
  for (const Row& row : rows()) {
    if (row.tail == Tail::open) continue;
    for (const char more : {'\0', 'x'}) {
      const std::string body = std::string(as_text(body_of(wire(row.bytes)))) + more;
      EXPECT_EQ(row.decode(test::HeapBytes(body)), malformed) << row.name;
    }
  }
}

TEST(Messages, DamagedInOtherWaysAreMalformed) {
  const auto damaged = [](const char* bytes, auto decode) {
    const auto decoded = decode(test::HeapBytes(wire(bytes)));
    EXPECT_TRUE(decoded.is_malformed()) << bytes;
    EXPECT_FALSE(decoded.error().empty()) << bytes;
  };
  damaged("00000001", decode_authentication);        // a request code of old
  damaged("0000000d", decode_authentication);        // past the last one
  damaged("00000005 'sal'", decode_authentication);  // MD5 with a short salt
  damaged("0000000a", decode_authentication);        // SASL without a list
  damaged("'M' 00 fffffffe", decode_sasl_initial_response);
  damaged("'M' 00 80000000", decode_sasl_initial_response);
  damaged("'M' 00 7fffffff 'x'", decode_sasl_initial_response);
  damaged("'M' 00 ffffffff 'x'", decode_sasl_initial_response);
  damaged("00000001 'abc'", decode_backend_key_data);  // key too short
  damaged("00030000 ffffffff", decode_negotiate_protocol_version);
  damaged("'Q'", decode_ready_for_query);
  damaged("'II'", decode_ready_for_query);
  damaged("", decode_ready_for_query);
  damaged("'X' 'a' 00", decode_describe_or_close);
  damaged("00 00 ffff 00000017", decode_parse);  // fewer types than it says
  damaged("'SERROR' 00 'M'", decode_report);
  damaged("'a' 00 'b' 00", decode_query);  // two strings where one belongs
}

TEST(Messages, TheCancelKeyHasABound) {
  std::string buffer;
  Writer out(buffer);
  encode_backend_key_data(out, 1, as_bytes(std::string(256, 'k')));
  EXPECT_TRUE(decode_backend_key_data(body_of(buffer)));
  buffer.clear();
  Writer longer(buffer);
  encode_backend_key_data(longer, 1, as_bytes(std::string(257, 'k')));
  EXPECT_TRUE(decode_backend_key_data(body_of(buffer)).is_malformed());
}

TEST(Messages, ASaslResponseMayCarryNothingOrEmptyData) {
  const std::string none = wire("'M' 00 ffffffff");
  ASSERT_TRUE(decode_sasl_initial_response(as_bytes(none)));
  EXPECT_FALSE(decode_sasl_initial_response(as_bytes(none))->data.has_value());
  const std::string empty = wire("'M' 00 00000000");
  ASSERT_TRUE(decode_sasl_initial_response(as_bytes(empty)));
  EXPECT_TRUE(decode_sasl_initial_response(as_bytes(empty))->data.has_value());
}

TEST(Report, ReadsEveryFieldAndSkipsUnknownOnes) {
  const std::string body = wire(
      "'Sa' 00 'Vb' 00 'Cc' 00 'Md' 00 'De' 00 'Hf' 00 'Pg' 00 'ph' 00 'qi' 00 'Wj' 00 'sk' 00"
      "'tl' 00 'cm' 00 'dn' 00 'no' 00 'Fp' 00 'Lq' 00 'Rr' 00 'zunknown' 00 00");
  const auto decoded = decode_report(as_bytes(body));
  ASSERT_TRUE(decoded);
  const Report& r = *decoded;
  EXPECT_EQ(std::string(r.severity) + std::string(r.severity_nonlocalized), "ab");
  EXPECT_EQ(std::string(r.sqlstate) + std::string(r.message) + std::string(r.detail), "cde");
  EXPECT_EQ(std::string(r.hint) + std::string(r.position) + std::string(r.internal_position),
            "fgh");
  EXPECT_EQ(std::string(r.internal_query) + std::string(r.where) + std::string(r.schema), "ijk");
  EXPECT_EQ(std::string(r.table) + std::string(r.column) + std::string(r.data_type), "lmn");
  EXPECT_EQ(std::string(r.constraint) + std::string(r.file) + std::string(r.line), "opq");
  EXPECT_EQ(r.routine, "r");
  std::string encoded;
  Writer out(encoded);
  encode_error(out, r);
  EXPECT_EQ(as_text(body_of(encoded)),
            std::string(body).erase(body.find("zunknown"), sizeof "zunknown"));
}

TEST(Report, IsFatalByTheSeverityThatIsNotTranslated) {
  Report report;
  report.severity = "FATAL";
  EXPECT_TRUE(report.fatal());  // before 9.6 there is no other
  report.severity_nonlocalized = "ERROR";
  EXPECT_FALSE(report.fatal());
  report.severity = "FATALE";
  report.severity_nonlocalized = "PANIC";
  EXPECT_TRUE(report.fatal());
}

// A head is decoded from every prefix: too short says so, long enough gives
// the same answer, and only the whole body can be malformed.
TEST(Extended, AHeadNeedsMoreBytesUntilItsNamesAreClosed) {
  const std::string body = wire("'portal' 00 'stmt' 00 0000 0001 00000001 'x' 0000");
  for (std::size_t size = 0; size <= body.size(); ++size) {
    const test::HeapBytes prefix(std::string_view(body).substr(0, size));
    const auto bind = decode_bind_head(prefix, body.size());
    if (size < 12) {
      EXPECT_TRUE(bind.needs_more()) << size;
    } else {
      ASSERT_TRUE(bind) << size;
      EXPECT_EQ(bind->portal, "portal");
      EXPECT_EQ(bind->statement, "stmt");
      EXPECT_EQ(bind->rest_at, 12U);
    }
    const auto parse = decode_parse_head(prefix, body.size());
    EXPECT_EQ(parse.needs_more(), size < 7) << size;
    if (parse) {
      EXPECT_EQ(parse->statement, "portal");
      EXPECT_EQ(parse->rest_at, 7U);
    }
  }
  for (std::size_t size = 0; size < 12; ++size) {
    const test::HeapBytes whole(std::string_view(body).substr(0, size));
    EXPECT_TRUE(decode_bind_head(whole, size).is_malformed()) << size;
    EXPECT_EQ(decode_parse_head(whole, size).is_malformed(), size < 7) << size;
  }
}

TEST(Extended, ARenamedBindIsTheSameButForItsName) {
  const std::string rest = wire("0000 0001 00000003 'abc' 0001 0001");
  const std::string body = wire("00 'my_statement' 00") + rest;
  const auto head = decode_bind_head(as_bytes(body), body.size());
  ASSERT_TRUE(head);
  std::string renamed;
  Writer out(renamed);
  encode_bind_head(out, head->portal, "r7",
                   static_cast<std::uint32_t>(body.size() - head->rest_at));
  renamed += body.substr(head->rest_at);
  EXPECT_EQ(renamed, wire("'B' 00000017 00 'r7' 00 0000 0001 00000003 'abc' 0001 0001"));
  EXPECT_EQ(read_header(as_bytes(renamed))->total_bytes(), renamed.size());
}

TEST(Extended, ARenamedParseIsTheSameButForItsName) {
  const std::string body = wire("'a' 00 'select 1' 00 0000");
  const auto head = decode_parse_head(as_bytes(body), body.size());
  ASSERT_TRUE(head);
  std::string renamed;
  Writer out(renamed);
  encode_parse_head(out, "longer", static_cast<std::uint32_t>(body.size() - head->rest_at));
  renamed += body.substr(head->rest_at);
  const auto parse = decode_parse(body_of(renamed));
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->statement, "longer");
  EXPECT_EQ(parse->query, "select 1");
}

TEST(Extended, ANegativeRowLimitMeansAllRows) {
  const std::string body = wire("00 ffffffff");
  ASSERT_TRUE(decode_execute(as_bytes(body)));
  EXPECT_EQ(decode_execute(as_bytes(body))->rows_max, 0U);
}

TEST(Extended, AParseMayHaveAllOf65535Types) {
  std::string types(4 * 65535, '\x01');
  std::string buffer;
  Writer out(buffer);
  encode_parse(out, "", "", TypeOids(as_bytes(types)));
  const auto parse = decode_parse(body_of(buffer));
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->types.size(), 65535U);
  EXPECT_EQ(parse->types[65534], 0x01010101U);
}

TEST(Constants, AreTheBytesOfTheProtocol) {
  const auto is = [](const auto& constant, const char* bytes) {
    return as_text(constant) == wire(bytes);
  };
  EXPECT_TRUE(is(constants::sync, "'S' 00000004"));
  EXPECT_TRUE(is(constants::flush, "'H' 00000004"));
  EXPECT_TRUE(is(constants::terminate, "'X' 00000004"));
  EXPECT_TRUE(is(constants::copy_done, "'c' 00000004"));
  EXPECT_TRUE(is(constants::parse_complete, "'1' 00000004"));
  EXPECT_TRUE(is(constants::bind_complete, "'2' 00000004"));
  EXPECT_TRUE(is(constants::close_complete, "'3' 00000004"));
  EXPECT_TRUE(is(constants::no_data, "'n' 00000004"));
  EXPECT_TRUE(is(constants::portal_suspended, "'s' 00000004"));
  EXPECT_TRUE(is(constants::empty_query_response, "'I' 00000004"));
  EXPECT_TRUE(is(constants::ready_idle, "'Z' 00000005 'I'"));
  EXPECT_TRUE(is(constants::ready_in_transaction, "'Z' 00000005 'T'"));
  EXPECT_TRUE(is(constants::ready_failed, "'Z' 00000005 'E'"));
  EXPECT_TRUE(is(constants::encryption_accepted, "'S'"));
  EXPECT_TRUE(is(constants::encryption_refused, "'N'"));
}

}  // namespace
}  // namespace relevo::wire::postgres
