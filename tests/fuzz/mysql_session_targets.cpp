// After the log-in: the texts that are classified, the commands that are planned,
// the answers that are followed, and the state that is made of both.
#include <algorithm>
#include <array>

#include "proxy/route/statement.hpp"
#include "proxy/session/mysql/command.hpp"
#include "proxy/session/mysql/connection_id.hpp"
#include "proxy/session/mysql/exchange.hpp"
#include "proxy/session/mysql/execute.hpp"
#include "proxy/session/mysql/kill.hpp"
#include "proxy/session/mysql/session_state.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

namespace wire = relevo::wire::mysql;
using namespace session::mysql;
using namespace std::literals;
using route::MysqlDialect;
using route::StatementClass;
using wire::as_bytes;
using wire::as_text;
using wire::Capabilities;
using wire::Capability;
using wire::Command;

// Takes an input apart from its front.
class Script {
 public:
  explicit Script(Bytes input) : left_(input) {}
  bool empty() const { return left_.empty(); }
  unsigned byte() {
    if (left_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(left_.front());
    left_ = left_.subspan(1);
    return value;
  }
  // A length of one byte, and as many bytes as there are of it.
  Bytes part() {
    const std::size_t size = byte();
    const Bytes taken = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  Bytes rest() { return std::exchange(left_, {}); }

 private:
  Bytes left_;
};

Capabilities choose(unsigned choice, std::initializer_list<Capability> from) {
  Capabilities chosen = Capability::protocol_41;
  unsigned bit = 0;
  for (const Capability one : from) {
    if ((choice >> bit++ & 1U) != 0) chosen = chosen.with(one);
  }
  return chosen;
}

MysqlDialect dialect_of(unsigned choice) {
  MysqlDialect dialect;
  dialect.ansi_quotes = (choice & 1U) != 0;
  dialect.no_backslash_escapes = (choice & 2U) != 0;
  dialect.ascii_in_multibyte = (choice & 4U) != 0;
  if ((choice & 8U) != 0) {
    dialect.server = (choice & 16U) != 0 ? route::MysqlServer::mariadb : route::MysqlServer::mysql;
    dialect.version = (choice & 16U) != 0 ? 101100 : 80036;
  }
  return dialect;
}

// Every byte is read, so that AddressSanitizer sees a view that points astray.
std::size_t touch(std::string_view view) {
  return static_cast<std::size_t>(std::count(view.begin(), view.end(), 'x'));
}

void mysql_statement(Bytes input) {
  const std::string_view sql = as_text(input);
  for (unsigned choice = 0; choice < 32; ++choice) {
    const MysqlDialect dialect = dialect_of(choice);
    const route::Analysis analysis = route::analyze_mysql(sql, dialect);
    // One that is read must not be passed on.
    RELEVO_CHECK(!parse_kill(sql, dialect) || dialect.ascii_in_multibyte || analysis.mysql.kill);
    const bool asks_for_id = connection_id_column(sql, dialect).has_value();
    // Texts that are not read at all are not looked at for it.
    RELEVO_CHECK(!asks_for_id || dialect.ascii_in_multibyte || analysis.mysql.uses_connection_id);
    // With the numbers in it nothing is asked any more, by the first statement.
    // Only texts that were read to their end are ever looked at for it.
    const bool read_whole =
        !dialect.ascii_in_multibyte && analysis.reason != "follows a change of how text is read";
    const Counts counts{.row_count = -1, .found_rows = 7};
    const auto counted = with_counts(sql, dialect, &counts, nullptr);
    RELEVO_CHECK(!counted || !read_whole || Diagnostics::asks_counts(analysis.mysql));
    if (counted) {
      const route::Analysis after = route::analyze_mysql(*counted, dialect);
      RELEVO_CHECK(!read_whole || after.statements == analysis.statements);
      RELEVO_CHECK(after.cls != StatementClass::read || !after.mysql.uses_row_count);
    }
    // LASTVAL(s) stays in the expression that takes its place.
    SequenceNumbers said;
    said.set("`app`.`s`", "7");
    const LastValues last_values{.own = {}, .connection = said, .schema = "app"};
    const auto valued = with_counts(sql, dialect, nullptr, &last_values);
    RELEVO_CHECK(!valued || !read_whole || analysis.mysql.uses_last_value);
    if (valued && read_whole) {
      const route::Analysis after = route::analyze_mysql(*valued, dialect);
      RELEVO_CHECK(after.statements == analysis.statements && after.mysql.uses_last_value);
    }
    RELEVO_CHECK(!lone_count(sql, dialect, counts) || dialect.ascii_in_multibyte ||
                 Diagnostics::asks_counts(analysis.mysql));
    RELEVO_CHECK(analysis.effect_count <= route::Analysis::max_effects);
    RELEVO_CHECK(touch(analysis.subject) <= analysis.subject.size());
    RELEVO_CHECK(analysis.cls == StatementClass::read || !analysis.reason.empty());
    for (std::size_t i = 0; i < analysis.effect_count; ++i) {
      RELEVO_CHECK(touch(analysis.effects[i].name) <= analysis.effects[i].name.size());
      RELEVO_CHECK(touch(analysis.effects[i].value) <= analysis.effects[i].value.size());
    }
    // Whatever follows it, a write is a write, and a lock is noticed.
    const std::string written = "DELETE FROM t; " + std::string(sql);
    RELEVO_CHECK(route::analyze_mysql(written, dialect).cls == StatementClass::write);
    const std::string locked = "SELECT GET_LOCK('a', 1); " + std::string(sql);
    const route::Analysis both = route::analyze_mysql(locked, dialect);
    RELEVO_CHECK(both.effect_count > 0 || both.effects_overflow);
  }
}

// -- what a client asks --------------------------------------------------------------

ClientStatement statement_of(std::string_view text, std::uint16_t parameters) {
  static StateTable states;
  static PreparedTable prepared(0, 1 << 20);
  ClientStatement statement;
  statement.statement = prepared.intern(text, states.intern(StateData{}), {});
  statement.parameters = parameters;
  return statement;
}

void mysql_plan(Bytes input) {
  Script script(input);
  const std::size_t cut_at = script.byte();
  const Capabilities client = choose(script.byte(), {Capability::query_attributes});
  const std::string_view bytes = as_text(script.rest());
  static ClientStatements statements = [] {
    ClientStatements made;
    made.add(statement_of("SELECT ?", 1));
    return made;
  }();
  const auto plan = [&](std::string_view seen) {
    return plan_command({.bytes = seen,
                         .bytes_max = 64,
                         .statements = statements,
                         .dialect = {},
                         .client = client,
                         .multi_statements = false});
  };
  const CommandPlan whole = plan(bytes);
  const CommandPlan part = plan(bytes.substr(0, std::min(cut_at, bytes.size())));
  for (const CommandPlan* one : {&whole, &part}) {
    RELEVO_CHECK(one->bytes <= bytes.size());
    RELEVO_CHECK(!one->whole || one->bytes > wire::limits::header_bytes);
    RELEVO_CHECK(one->status != CommandPlan::Status::malformed || !one->message.empty());
    RELEVO_CHECK(one->way != CommandPlan::Way::refuse || !one->message.empty());
    RELEVO_CHECK(touch(one->text) <= one->text.size());
    RELEVO_CHECK(one->way != CommandPlan::Way::execute || one->prepared != nullptr);
    const bool unread = one->oversized && one->command == Command::query;
    RELEVO_CHECK(!unread || one->demand.need == route::Need::write);
  }
  // A plan that was made before all had come is the plan of the whole.
  if (part.status == CommandPlan::Status::need_more) return;
  RELEVO_CHECK(part.status == whole.status && part.way == whole.way);
  RELEVO_CHECK(part.bytes == whole.bytes && part.oversized == whole.oversized);
  RELEVO_CHECK(part.demand.need == whole.demand.need);
}

// Two executions of one statement, each on another server: what a server gets can
// be read, names its own statement, and comes with types where it lacks them.
void mysql_execute(Bytes input) {
  Script script(input);
  const auto parameters = static_cast<std::uint16_t>(script.byte() % 20);
  const Capabilities client = choose(script.byte(), {Capability::query_attributes});
  ClientStatement statement = statement_of("SELECT ?", parameters);
  std::array<ServerStatement, 2> servers{
      {{.number = 0x01020304, .types = nullptr}, {.number = 0x05060708, .types = nullptr}}};
  for (unsigned turn = 0; turn < 4 && !script.empty(); ++turn) {
    ServerStatement& server = servers[turn % 2];
    const Bytes payload = script.part();
    const bool bulk =
        !payload.empty() && static_cast<Command>(payload[0]) == Command::stmt_bulk_execute;
    const bool knew = server.types != nullptr;
    const ExecutePlan plan = plan_execute(payload, payload.size(), client, statement, server);
    if (plan.status != ExecutePlan::Status::ready) continue;
    RELEVO_CHECK(plan.head_bytes <= payload.size());
    const std::string sent = plan.head + std::string(as_text(payload.subspan(plan.head_bytes)));
    RELEVO_CHECK(*wire::decode_statement_id(as_bytes(sent)) == server.number);
    if (bulk) {
      const auto execute = wire::decode_bulk_execute_head(as_bytes(sent), sent.size(), parameters);
      RELEVO_CHECK(execute && (knew || execute->has_types()));
    } else {
      const auto execute = wire::decode_execute(as_bytes(sent), parameters, client);
      RELEVO_CHECK(execute && (knew || execute->parameters == 0 || execute->has_types));
    }
    // However the client's one packet is cut, the server's are the same.
    const auto cut = [&](std::size_t chunk_bytes) {
      Repacket repacket(plan.head, plan.head_bytes);
      std::string out;
      repacket.on_packet(static_cast<std::uint32_t>(payload.size()), out);
      for (std::string_view left = as_text(payload); !left.empty();) {
        const std::string_view chunk = left.substr(0, chunk_bytes);
        left.remove_prefix(chunk.size());
        repacket.on_bytes(chunk, out);
      }
      RELEVO_CHECK(repacket.done() && repacket.packets() == 1);
      return out;
    };
    const std::string packet = cut(1 + turn);
    RELEVO_CHECK(packet == cut(payload.size() + 1));
    RELEVO_CHECK(packet.substr(wire::limits::header_bytes) == sent);
  }
}

// -- what a server answers -------------------------------------------------------------

// A client that reads what it is given. Packets have to come under consecutive
// numbers, form the answer to its command, and end where the server's did.
class Reader {
 public:
  Reader(Command command, Capabilities capabilities) : reply_(command, capabilities) {}

  void read(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto header = wire::read_packet_header(as_bytes(bytes));
      RELEVO_CHECK(header && bytes.size() >= header->total_bytes());
      packet(*header, as_bytes(bytes.substr(wire::limits::header_bytes, header->body_bytes)));
      bytes.remove_prefix(header->total_bytes());
    }
  }
  void packet(const wire::PacketHeader& header, Bytes payload) {
    RELEVO_CHECK(header.sequence == sequence_++);
    RELEVO_CHECK(!reply_.on_packet(header, payload, outcome_).violation);
    for (const auto& [name, value] : outcome_.variables) RELEVO_CHECK(name != "redirect_url");
  }
  void send() { ++sequence_; }
  void file_ended() { reply_.client_data_ended(); }
  std::uint8_t sequence() const { return sequence_; }
  bool complete() const { return reply_.complete(); }

 private:
  Reply reply_;
  Outcome outcome_;
  std::uint8_t sequence_ = 1;
};

constexpr std::array client_commands = {
    Command::query,      Command::stmt_prepare, Command::stmt_execute,
    Command::stmt_fetch, Command::field_list,   Command::statistics,
    Command::init_db,    Command::set_option,   Command::stmt_bulk_execute};
constexpr std::array texts = {"SELECT 1"sv,
                              "BEGIN"sv,
                              "COMMIT"sv,
                              "INSERT INTO t VALUES (1)"sv,
                              "SET @a = 1, sql_mode = ''"sv,
                              "CALL p()"sv};

Sent sent_of(unsigned choice) {
  const bool own = (choice & 0x80U) != 0;
  Sent sent{.command = own ? Command::query : client_commands[choice % client_commands.size()],
            .audience = own ? Audience::proxy : Audience::client};
  sent.meaning = meaning_of(route::analyze_mysql(texts[choice % texts.size()], {}));
  sent.client_statement = 7;
  return sent;
}

void mysql_exchange(Bytes input) {
  Script script(input);
  const Capabilities shared = choose(
      script.byte(),
      {Capability::local_files, Capability::mariadb_extended_metadata, Capability::multi_results});
  // Sessions share no server that doesn't report their state, see can_share().
  const Capabilities server = shared.with(Capability::session_track)
                                  .with(choose(script.byte(), {Capability::deprecate_eof}));
  const Capabilities client =
      shared.with(choose(script.byte(), {Capability::deprecate_eof, Capability::session_track}));
  Exchange exchange;
  exchange.on_logged_in(server, wire::Status::autocommit);
  exchange.lend(client);
  std::vector<Sent> asked;
  std::size_t answered = 0;
  std::optional<Reader> reader;
  std::uint8_t sequence = 1;  // of the server's next packet
  while (!script.empty()) {
    if (exchange.idle()) {
      for (unsigned count = 1 + script.byte() % 3; count > 0; --count) {
        const unsigned choice = script.byte();
        asked.push_back(sent_of(choice));
        exchange.expect(sent_of(choice));
      }
    }
    const Sent& sent = asked[answered];
    if (!reader) reader.emplace(sent.command, client);
    if (exchange.wants_client_data()) {
      const auto bytes = static_cast<std::uint32_t>(script.byte());
      const std::uint8_t number = exchange.on_client_data({bytes, reader->sequence()});
      RELEVO_CHECK(number == sequence++);
      reader->send();
      if (bytes == 0) reader->file_ended();
      continue;
    }
    const Bytes payload = script.part();
    const wire::PacketHeader header{static_cast<std::uint32_t>(payload.size()), sequence++};
    const auto first =
        payload.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(payload[0]);
    (void)exchange.wants_whole(header, first);
    Additions additions;
    const Verdict verdict = exchange.on_packet(header, payload, additions);
    if (verdict.violation) return;
    RELEVO_CHECK(!verdict.for_proxy || (!verdict.forward && additions.before.empty()));
    if (!verdict.for_proxy) {
      reader->read(additions.before);
      if (verdict.forward) reader->packet({header.body_bytes, verdict.sequence}, payload);
      reader->read(additions.after);
      // The client may be through a packet earlier, one that is not for it.
      RELEVO_CHECK(!verdict.complete || reader->complete());
      RELEVO_CHECK(verdict.complete || exchange.next_sequence() == reader->sequence());
    }
    (void)exchange.outcome_open();
    RELEVO_CHECK(exchange.owed_answers() <= asked.size() - answered);
    if (!verdict.complete) continue;
    const Done done = exchange.take_done();
    RELEVO_CHECK(done.command == sent.command && done.audience == sent.audience);
    RELEVO_CHECK(done.outcome.failed == verdict.failed);
    reader.reset();
    sequence = 1;
    ++answered;
  }
  RELEVO_CHECK(exchange.idle() == (answered == asked.size()));
}

// -- what becomes of the session -----------------------------------------------------------

// Whatever a client set and a server reported: what is sent to bring the state
// about again is one SET, and asking is one SELECT, in every dialect.
void check_sql(const std::string& sql, StatementClass expected) {
  for (const char c : sql) RELEVO_CHECK(c >= ' ' && c <= '~');
  for (unsigned choice = 0; choice < 8; ++choice) {
    const route::Analysis analysis = route::analyze_mysql(sql, dialect_of(choice));
    RELEVO_CHECK(analysis.statements == 1 && !analysis.controls_transaction);
    RELEVO_CHECK(analysis.cls == expected);
    RELEVO_CHECK(!analysis.mysql.may_call_routine);
  }
}

void mysql_state(Bytes input) {
  Script script(input);
  StateTable table;
  SessionState session(table.intern(login_state("app", 45, true)), dialect_of(8 | 16));
  const State login = session.state();
  while (!script.empty()) {
    Done done;
    const std::string text(as_text(script.part()));
    done.meaning = meaning_of(route::analyze_mysql(text, session.dialect()));
    const Capabilities server = Capability::protocol_41 | Capability::session_track;
    const Bytes payload = script.part();
    Reply reply(Command::query, server);
    const wire::PacketHeader header{static_cast<std::uint32_t>(payload.size()), 1};
    if (reply.on_packet(header, payload, done.outcome).violation) return;
    const State before = session.state();
    session.on_done(table, done);
    if (session.must_ask()) {
      check_sql(session.ask_sql(), StatementClass::read);
      std::vector<std::string> values;
      for (std::size_t i = 0; i < session.asked().size(); ++i) {
        values.emplace_back(as_text(script.part()));
      }
      session.on_answer(table, values);
      RELEVO_CHECK(!session.must_ask());
    }
    for (const auto& [from, to] :
         {std::pair(login, session.state()), std::pair(session.state(), login),
          std::pair(before, session.state())}) {
      const auto change = state_change(from, to);
      RELEVO_CHECK(change.has_value() == (*from != *to));
      if (change && !change->sql.empty()) check_sql(change->sql, StatementClass::session);
    }
    const State context = prepare_context(table, session.state());
    RELEVO_CHECK(prepare_context(table, with_context(table, login, context)) == context);
    (void)session.pins().reason();
    Diagnostics& diagnostics = session.diagnostics();
    (void)diagnostics.need(done.meaning.facts);
    (void)diagnostics.on_answer({std::string(as_text(payload))});
    check_sql(diagnostics.restore_sql(), StatementClass::session);
  }
}

}  // namespace

std::vector<Target> mysql_session_targets() {
  const std::string query = "\x09\0\0\0\3SELECT 1"s;
  const std::string prepare = "\x09\0\0\0\x16SELECT ?"s;
  const std::string execute = "\x17\1\0\0\0\0\1\0\0\0\0\1\x0f\0\3foo"s;
  const std::string again = "\x17\1\0\0\0\0\1\0\0\0\0\0\3foo"s;
  const std::string attributed = "\x17\1\0\0\0\x08\1\0\0\0\2\0\1\1\0\0\xfe\0\2id\7\3abc"s;
  const auto sized = [](std::string_view part) {
    return std::string(1, static_cast<char>(part.size())) + std::string(part);
  };
  const std::string ok = "\0\0\0\2\0\0\0"s;
  const std::string definition = "\3def\1t\1a\1a\1i\1i\x0c\x3f\0\x0b\0\0\0\3\3\x50\0\0\0"s;
  const std::string end = "\xfe\0\0\2\0\0\0"s, eof = "\xfe\0\0\2\0"s;
  const std::string error = "\xff\x48\4#HY000No tables used"s;
  const std::string tracked = "\0\0\0\2\x40\0\0\0\x19\0\x17\x0e"s + "character_set\x07utf8mb4"s;
  return {
      {"mysql_statement",
       mysql_statement,
       {"SELECT a, 'it''s', \"b\\\"\" FROM `t` WHERE b = ? -- end\n# and\n",
        "INSERT INTO t VALUES (1) RETURNING *; REPLACE t SET a = 1",
        "WITH x AS (SELECT 1) SELECT * FROM x FOR UPDATE",
        "/* relevo: max_lag=200ms */ /*!80013 SELECT */ /*M!100100 1 */ 2",
        "SET @a = 1, @@session.sql_mode = 'ANSI', GLOBAL b = c; SET NAMES utf8mb4 COLLATE x",
        "START TRANSACTION READ ONLY; COMMIT AND CHAIN RELEASE; XA START 'a'",
        "SELECT GET_LOCK('a', 1), LAST_INSERT_ID(), ROW_COUNT() INTO @x",
        "KILL QUERY 12; KILL HARD CONNECTION 1", "LOAD DATA LOCAL INFILE 'f' INTO TABLE t",
        "SELECT _utf8mb4 X'c3a9', 0x1f, b'01', N'x', 1e-9, .5, @`a b`, @@x.y", "CALL p(1, @a)",
        "SELECT CONNECTION_ID() AS 'id'", "select /* a */ connection_id( ) `b c`;",
        "SELECT a, (SELECT ROW_COUNT( )) + 1 FROM t; SELECT FOUND_ROWS() AS x, 2 y"}},
      {"mysql_plan",
       mysql_plan,
       {"\xff\0"s + query, "\6\0"s + query, "\xff\1\x0b\0\0\0\3\0\1SELECT 1"s, "\xff\0"s + prepare,
        "\xff\0\x0f\0\0\0"s + execute, "\xff\0\7\0\0\0\x18\1\0\0\0\0\0abc"s,
        "\xff\0\5\0\0\0\x19\1\0\0\0"s, "\xff\0\x40\0\0\0\3SELECT 1"s,
        "\x60\0\xff\xff\xff\0\3SELECT 1"s, "\xff\0\5\0\0\0\x0c\1\0\0\0"s, "\xff\0\3\0\0\0\x1b\1\0"s,
        "\xff\0\1\0\0\0\1"s}},
      {"mysql_execute",
       mysql_execute,
       {"\1\0"s + sized(execute) + sized(again) + sized(again),
        "\1\1"s + sized(attributed) + sized(again), "\1\0"s + sized(execute) + sized(execute),
        "\1\0"s + sized("\xfa\1\0\0\0\x80\0\3\0\0\1a"s) + sized("\xfa\1\0\0\0\0\0\0\1a"s)}},
      {"mysql_exchange",
       mysql_exchange,
       {"\7\3\0"s + "\0\0"s + sized("\1") + sized(definition) + sized("\1x") + sized(end),
        "\7\0\3"s + "\0\0"s + sized("\1") + sized(definition) + sized(eof) + sized("\1x") +
            sized(eof),
        "\7\3\3"s + "\2\x80\x81\1"s + sized(ok) + sized(ok) + sized("\0\1\0\0\0\1\0\1\0\0\0\0"s) +
            sized(definition) + sized(definition),
        "\7\2\3"s + "\0\0"s + sized("\xfb"s + "file") + "\5\5\0"s + sized(ok),
        "\7\3\0"s + "\0\4"s + sized(definition) + sized(end), "\7\3\0"s + "\0\5"s + sized("Uptime"),
        "\7\3\0"s + "\0\2"s + sized("\1") + sized(definition) + sized("\xfe\0\0\x42\0\0\0"s),
        "\7\3\0"s + "\1\x80\0"s + sized(error) + sized(ok), "\7\3\3"s + "\0\0"s + sized(tracked),
        "\7\3\0"s + "\0\0"s + sized("\0\1\0\x0a\0\0\0"s) + sized(ok)}},
      {"mysql_state",
       mysql_state,
       {sized("SET sql_mode = 'ANSI_QUOTES', @a = 'it''s', @b := 1") +
            sized("\0\0\0\2\x40\0\0\0\x18\0\x16\x08sql_mode\x0c"s + "ANSI_QUOTES,"s) + sized("x'y"),
        sized("SET NAMES latin1") + sized(ok),
        sized("USE other") + sized("\0\0\0\2\x40\0\0\0\x08\1\6\5other"s),
        sized("SET @x = X'27', @`y z` = \"\\\"\"") + sized(ok),
        sized("CALL p()") + sized("\0\0\0\2\x40\0\0\0\x0e\0\x0c\x09time_zone\1Z"s) + sized("Z"),
        sized("SET character_set_client = big5, collation_connection = x") + sized(tracked)}},
  };
}

}  // namespace relevo::fuzz
