// Every message of a plain form, as bytes: encoding gives these bytes, decoding
// them gives the fields back, and any damage is noticed.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "proxy/wire/mysql/authentication.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/prepare.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

const std::string malformed = "malformed";
constexpr Capabilities none;
constexpr Capabilities tracking = Capability::session_track;

std::string show(std::string_view text) { return "[" + std::string(text) + "]"; }
std::string show(std::uint64_t number) { return std::to_string(number) + " "; }

template <typename T, typename Show>
std::string describe(const Decoded<T>& decoded, Show show_value) {
  EXPECT_EQ(decoded.is_malformed(), !decoded.error().empty());
  return decoded ? show_value(*decoded) : malformed;
}

std::string show_ok(Bytes payload, Capabilities capabilities) {
  return describe(decode_ok(payload, capabilities), [](const Ok& ok) {
    return show(ok.affected_rows) + show(ok.last_insert_id) + show(ok.status.word()) +
           show(ok.warnings) + show(ok.info) + show(as_text(ok.session_state));
  });
}
std::string show_err(Bytes payload) {
  return describe(decode_err(payload), [](const Err& err) {
    return show(err.number) + show(err.sqlstate) + show(err.message);
  });
}
std::string show_change_user(Bytes payload, Capabilities capabilities) {
  return describe(decode_change_user(payload, capabilities), [](const ChangeUser& m) {
    return show(m.user) + show(as_text(m.auth_response)) + show(m.database) + show(m.collation) +
           show(m.auth_plugin) + show(m.attributes.get("k"));
  });
}
std::string show_column(Bytes payload, Capabilities capabilities) {
  return describe(decode_column(payload, capabilities), [](const Column& c) {
    return show(c.schema) + show(c.table) + show(c.table_original) + show(c.name) +
           show(c.name_original) + show(c.extended_metadata) + show(c.collation) +
           show(c.length_max) + show(static_cast<unsigned>(c.type)) + show(c.flags) +
           show(c.decimals);
  });
}

struct Row {
  const char* name;
  const char* payload;
  std::string fields;
  std::function<void(Writer&)> encode;
  std::function<std::string(Bytes)> decode;
  // From here on it may end anywhere, for the rest is text of any length; npos:
  // nowhere but at its end, and nothing may follow.
  std::size_t open_from = std::string::npos;
  std::vector<std::size_t> may_end_at = {};  // shorter forms of the same message
};

const std::vector<Row>& rows() {
  static const std::string k_v = wire("01 'k' 01 'v'");
  static const std::vector<Row> table = {
      // MySQL's documentation: OK, ERR and EOF.
      {"OK", "00 00 00 0200 0000", "0 0 2 0 [][]",
       [](Writer& w) { encode_ok(w, {0, 0, Status::autocommit, 0, {}, {}}, none); },
       [](Bytes b) { return show_ok(b, none); }, 7},
      {"OK of an INSERT", "00 fc2c01 fd000001 0300 0100", "300 65536 3 1 [][]",
       [](Writer& w) {
         encode_ok(w, {300, 65536, Status::autocommit | Status::in_transaction, 1, {}, {}}, none);
       },
       [](Bytes b) { return show_ok(b, none); }, 12},
      // MariaDB 10.11, with and without session_track: a length either way.
      {"OK with info",
       "00 01 00 0200 0000 07 'Rows: 1'",
       "1 0 2 0 [Rows: 1][]",
       [](Writer& w) { encode_ok(w, {1, 0, Status::autocommit, 0, "Rows: 1", {}}, tracking); },
       [](Bytes b) { return show_ok(b, tracking); },
       15,
       {7}},
      {"OK with session state",
       "00 00 00 0240 0000 00 04 010201'D'",
       "0 0 16386 0 [][\1\2\1D]",
       [](Writer& w) {
         encode_ok(
             w,
             {0, 0, Status::autocommit | Status::session_state_changed, 0, {}, as_bytes("\1\2\1D")},
             tracking);
       },
       [](Bytes b) { return show_ok(b, tracking); },
       13,
       {7, 8}},
      {"OK that ends rows", "fe 00 00 2200 0000", "0 0 34 0 [][]",
       [](Writer& w) {
         encode_ok(w, {0, 0, Status::autocommit | Status::no_index_used, 0, {}, {}}, none,
                   OkHeader::end_of_rows);
       },
       [](Bytes b) { return show_ok(b, none); }, 7},
      {"ERR",
       "ff 4804 '#HY000No tables used'",
       "1096 [HY000][No tables used]",
       [](Writer& w) { encode_err(w, {1096, "HY000", "No tables used"}); },
       show_err,
       9,
       {3}},
      {"ERR before a log-in", "ff 1004 'Too many connections'", "1040 [][Too many connections]",
       [](Writer& w) { encode_err(w, {1040, "", "Too many connections"}); }, show_err, 3},
      {"ERR by its code",
       "ff bd04 '#40001gone'",
       "1213 [40001][gone]",
       [](Writer& w) { encode_err(w, errors::deadlock, "gone"); },
       show_err,
       9,
       {3}},
      {"EOF", "fe 0100 0200", "1 2 ", [](Writer& w) { encode_eof(w, {1, Status::autocommit}); },
       [](Bytes b) {
         return describe(decode_eof(b), [](const Eof& eof) {
           return show(eof.warnings) + show(eof.status.word());
         });
       }},
      {"LOCAL INFILE", "fb '/etc/x'", "[/etc/x]",
       [](Writer& w) { encode_local_infile(w, "/etc/x"); },
       [](Bytes b) {
         return describe(decode_local_infile(b), [](std::string_view file) { return show(file); });
       },
       1},
      {"column count", "fc0010", "4096 1 ",
       [](Writer& w) { encode_column_count(w, {4096, true}, none); },
       [](Bytes b) {
         return describe(decode_column_count(b, none), [](const ColumnCount& c) {
           return show(c.columns) + show(c.definitions_follow);
         });
       }},
      {"column count, MariaDB's cached metadata", "02 00", "2 0 ",
       [](Writer& w) { encode_column_count(w, {2, false}, Capability::mariadb_cache_metadata); },
       [](Bytes b) {
         return describe(
             decode_column_count(b, Capability::mariadb_cache_metadata),
             [](const ColumnCount& c) { return show(c.columns) + show(c.definitions_follow); });
       }},
      // MySQL's documentation, "Authentication Method Switch Request Packet".
      {"AuthSwitchRequest",
       "fe 'mysql_native_password' 00 'zQg4ioNy=rHN/>-b)A' 41 41 00",
       "[mysql_native_password][zQg4ioNy=rHN/>-b)AAA]",
       [](Writer& w) {
         Challenge challenge;
         const Bytes bytes = as_bytes("zQg4ioNy=rHN/>-b)AAA");
         std::copy(bytes.begin(), bytes.end(), challenge.begin());
         encode_auth_switch_request(w, auth_plugins::native, challenge);
       },
       [](Bytes b) {
         return describe(decode_auth_switch_request(b), [](const AuthSwitchRequest& r) {
           return show(r.plugin) + show(as_text(r.challenge()));
         });
       },
       23,
       {1}},
      {"AuthMoreData", "01 04", "[\4]", [](Writer& w) { encode_auth_more_data(w, as_bytes("\4")); },
       [](Bytes b) {
         return describe(decode_auth_more_data(b), [](Bytes d) { return show(as_text(d)); });
       },
       1},
      {"COM_CHANGE_USER",
       "11 'u' 00 03 'abc' 'db' 00 2d00 'mysql_native_password' 00 04 01 'k' 01 'v'",
       "[u][abc][db]45 [mysql_native_password][v]",
       [](Writer& w) {
         encode_change_user(
             w,
             {"u", as_bytes("abc"), "db", 45, auth_plugins::native,
              ConnectAttributes(as_bytes(k_v))},
             Capability::secure_connection | Capability::plugin_auth | Capability::connect_attrs);
       },
       [](Bytes b) {
         return show_change_user(b, Capability::secure_connection | Capability::plugin_auth |
                                        Capability::connect_attrs);
       },
       7},
      {"COM_CHANGE_USER of before plugins", "11 'u' 00 'abc' 00 'db' 00 0800", "[u][abc][db]8 [][]",
       [](Writer& w) { encode_change_user(w, {"u", as_bytes("abc"), "db", 8, {}, {}}, none); },
       [](Bytes b) { return show_change_user(b, none); }, 7},
      {"COM_QUIT", "01", "1 ", [](Writer& w) { encode_bare(w, Command::quit); },
       [](Bytes b) {
         return describe(decode_command(b),
                         [](Command c) { return show(static_cast<unsigned>(c)); });
       },
       1},
      {"COM_QUERY", "03 'SELECT 1'", "0 1 [SELECT 1]",
       [](Writer& w) { encode_query(w, "SELECT 1", none); },
       [](Bytes b) {
         return describe(decode_query(b, none), [](const Query& q) {
           return show(q.attributes) + show(q.sql_at) + show(q.sql);
         });
       },
       1},
      {"COM_QUERY with room for attributes", "03 00 01 'SELECT 1'", "0 3 [SELECT 1]",
       [](Writer& w) { encode_query(w, "SELECT 1", Capability::query_attributes); },
       [](Bytes b) {
         return describe(decode_query(b, Capability::query_attributes), [](const Query& q) {
           return show(q.attributes) + show(q.sql_at) + show(q.sql);
         });
       },
       3},
      {"COM_INIT_DB", "02 'orders'", "[orders]", [](Writer& w) { encode_init_db(w, "orders"); },
       [](Bytes b) { return b.empty() ? malformed : show(text_of(b)); }, 1},
      {"COM_STMT_PREPARE", "16 'SELECT ?'", "[SELECT ?]",
       [](Writer& w) { encode_prepare(w, "SELECT ?"); },
       [](Bytes b) { return b.empty() ? malformed : show(text_of(b)); }, 1},
      {"COM_SET_OPTION", "1b 0100", "1 ",
       [](Writer& w) { encode_set_option(w, SetOption::multi_statements_off); },
       [](Bytes b) {
         return describe(decode_set_option(b),
                         [](SetOption o) { return show(static_cast<unsigned>(o)); });
       }},
      {"COM_PROCESS_KILL", "0c 07000000", "7 ", [](Writer& w) { encode_process_kill(w, 7); },
       [](Bytes b) {
         return describe(decode_process_kill(b), [](std::uint32_t id) { return show(id); });
       }},
      {"COM_STMT_CLOSE", "19 01020304", "67305985 ", [](Writer& w) { encode_close(w, 0x04030201); },
       [](Bytes b) {
         return describe(decode_statement_id(b), [](StatementId id) { return show(id); });
       },
       5},
      {"COM_STMT_RESET", "1a 01000000", "1 ", [](Writer& w) { encode_statement_reset(w, 1); },
       [](Bytes b) {
         return describe(decode_statement_id(b), [](StatementId id) { return show(id); });
       },
       5},
      // MySQL's documentation, "COM_STMT_PREPARE Response".
      {"PREPARE_OK", "00 01000000 0100 0200 00 0000", "1 1 2 0 ",
       [](Writer& w) { encode_prepare_ok(w, {1, 1, 2, 0}); },
       [](Bytes b) {
         return describe(decode_prepare_ok(b), [](const PrepareOk& p) {
           return show(p.statement) + show(p.columns) + show(p.parameters) + show(p.warnings);
         });
       },
       12},
      // MariaDB 10.11.
      {"column", "03'def' 01't' 01'a' 01'b' 01'i' 01'j' 0c 3f00 0b000000 03 0350 00 0000",
       "[t][a][b][i][j][]63 11 3 20483 0 ",
       [](Writer& w) {
         encode_column(w, {"t", "a", "b", "i", "j", "", 63, 11, FieldType::long_, 0x5003, 0}, none);
       },
       [](Bytes b) { return show_column(b, none); }, 30},
      {"column with extended metadata",
       "03'def' 00 00 00 01'j' 00 06 01 04 'json' 0c 2d00 0b000000 fd 0000 00 0000",
       "[][][][j][][\1\4json]45 11 253 0 0 ",
       [](Writer& w) {
         encode_column(w, {"", "", "", "j", "", "\1\4json", 45, 11, FieldType::var_string, 0, 0},
                       Capability::mariadb_extended_metadata);
       },
       [](Bytes b) { return show_column(b, Capability::mariadb_extended_metadata); }, 30},
  };
  return table;
}

TEST(Messages, AreEncodedToTheirBytes) {
  for (const Row& row : rows()) {
    const std::string payload = wire(row.payload);
    std::string bytes;
    Writer out(bytes, 5);
    row.encode(out);
    EXPECT_TRUE(out.ok()) << row.name;
    ASSERT_GE(bytes.size(), 4U) << row.name;
    EXPECT_EQ(bytes.substr(4), payload) << row.name;
    EXPECT_EQ(static_cast<std::size_t>(bytes[0]), payload.size()) << row.name;
    EXPECT_EQ(bytes[3], 5) << row.name;
  }
}

TEST(Messages, AreDecodedFromTheirBytes) {
  for (const Row& row : rows()) {
    const test::HeapBytes payload(wire(row.payload));
    EXPECT_EQ(row.decode(payload), row.fields) << row.name;
  }
}

TEST(Messages, CutShortAreMalformed) {
  for (const Row& row : rows()) {
    const std::string payload = wire(row.payload);
    for (std::size_t size = 0; size < std::min(payload.size(), row.open_from); ++size) {
      if (std::count(row.may_end_at.begin(), row.may_end_at.end(), size) > 0) {
        EXPECT_NE(row.decode(test::HeapBytes(payload.substr(0, size))), malformed)
            << row.name << " " << size;
        continue;
      }
      EXPECT_EQ(row.decode(test::HeapBytes(payload.substr(0, size))), malformed)
          << row.name << " " << size;
    }
    for (std::size_t size = row.open_from; size < payload.size(); ++size) {
      row.decode(test::HeapBytes(payload.substr(0, size)));  // under a sanitizer: reads no further
    }
  }
}

TEST(Messages, ThatEndAtAPlaceMustEndThere) {
  for (const Row& row : rows()) {
    if (row.open_from != std::string::npos) continue;
    EXPECT_EQ(row.decode(as_bytes(wire(row.payload) + "x")), malformed) << row.name;
  }
}

// A decoder given another message says so, by the first byte, or can't tell.
TEST(Messages, AreToldByTheirFirstByte) {
  for (const Row& row : rows()) {
    std::string payload = wire(row.payload);
    const std::string_view name = row.name;
    if (name.starts_with("column") || name.starts_with("COM_STMT_") || name == "COM_INIT_DB" ||
        name == "COM_QUIT") {
      continue;
    }
    payload[0] = '\x77';
    EXPECT_EQ(row.decode(as_bytes(payload)), malformed) << name;
  }
}

TEST(Authentication, RecognisesTheSwitchToTheOldPassword) {
  const std::string bytes = wire("fe");
  const auto request = decode_auth_switch_request(as_bytes(bytes));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->plugin, auth_plugins::old_password);
  EXPECT_TRUE(request->challenge().empty());
}

TEST(Authentication, RecognisesANextFactor) {
  const std::string bytes = wire("02 'authentication_ldap' 00 'x'");
  const auto factor = decode_auth_next_factor(as_bytes(bytes));
  ASSERT_TRUE(factor);
  EXPECT_EQ(factor->plugin, "authentication_ldap");
  EXPECT_EQ(as_text(factor->data), "x");
  EXPECT_TRUE(decode_auth_next_factor(as_bytes(bytes).first(5)).is_malformed());
}

TEST(Authentication, AnAnswerMayBeEmpty) {
  std::string bytes;
  Writer out(bytes, 3);
  encode_auth_response(out, {});
  EXPECT_EQ(bytes, wire("000000 03"));
}

// MariaDB sends one byte more than its documentation says: the number of strings.
TEST(Progress, IsRead) {
  const std::string bytes = wire("ff ffff 01 02 03 50c300 0d 'copy to table'");
  const auto progress = decode_progress(as_bytes(bytes));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->stage, 2);
  EXPECT_EQ(progress->stage_max, 3);
  EXPECT_EQ(progress->percent_thousandths, 50000U);
  EXPECT_EQ(progress->info, "copy to table");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(decode_progress(test::HeapBytes(bytes.substr(0, size))).is_malformed());
  }
}

TEST(ChangeUser, MayEndAfterTheDatabase) {
  const std::string bytes = wire("11 'u' 00 00 'db' 00");
  const auto message =
      decode_change_user(as_bytes(bytes), Capability::secure_connection | Capability::plugin_auth);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->database, "db");
  EXPECT_EQ(message->collation, 0);
}

TEST(Err, WithABadStateIsNotWritten) {
  std::string bytes;
  Writer out(bytes);
  encode_err(out, {1, "HY00", "no"});
  EXPECT_FALSE(out.ok());
}

TEST(SetOption, KnowsTwo) {
  EXPECT_TRUE(decode_set_option(as_bytes(wire("1b 0000"))));
  EXPECT_TRUE(decode_set_option(as_bytes(wire("1b 0200"))).is_malformed());
}

TEST(PrepareOk, SaysWhatFollows) {
  const Capabilities no_eof = Capability::deprecate_eof;
  EXPECT_EQ((PrepareOk{1, 0, 0, 0}.payloads_to_follow(none)), 0U);
  EXPECT_EQ((PrepareOk{1, 2, 0, 0}.payloads_to_follow(none)), 3U);
  EXPECT_EQ((PrepareOk{1, 2, 3, 0}.payloads_to_follow(none)), 7U);
  EXPECT_EQ((PrepareOk{1, 2, 3, 0}.payloads_to_follow(no_eof)), 5U);
}

TEST(FieldList, NamesATable) {
  const std::string bytes = wire("04 'a' 00 '%'");
  const auto list = decode_field_list(as_bytes(bytes));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->table, "a");
  EXPECT_EQ(list->wildcard, "%");
  EXPECT_TRUE(decode_field_list(as_bytes(bytes).first(2)).is_malformed());
}

}  // namespace
}  // namespace relevo::wire::mysql
