// A MySQL client that selects one row again and again, and a server that has it.
#include <array>

#include "proxy/net/mysql/shard.hpp"
#include "proxy/session/mysql/capabilities.hpp"
#include "proxy/session/mysql/server_login.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/prepare.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/bench/instructions/rig.hpp"

namespace relevo::instructions {
namespace {

namespace wire = relevo::wire::mysql;
using session::mysql::ServerLogin;

const wire::Capabilities capabilities = session::mysql::server_capabilities({});
constexpr wire::StatusFlags idle = wire::Status::autocommit;

const wire::Column column{.schema = "app",
                          .table = "sbtest1",
                          .table_original = "sbtest1",
                          .name = "c",
                          .name_original = "c",
                          .extended_metadata = {}};
constexpr std::string_view value = "68487932199-96439406143-93774651418-41631865787";

std::string text_rows() {
  std::string out;
  wire::Writer writer(out, 1);
  wire::encode_column_count(writer, {.columns = 1}, capabilities);
  wire::encode_column(writer, column, capabilities);
  writer.begin();
  writer.lenenc_string(value);
  writer.end();
  wire::encode_ok(writer, {.status = idle}, capabilities, wire::OkHeader::end_of_rows);
  return out;
}

std::string binary_rows() {
  std::string out;
  wire::Writer writer(out, 1);
  wire::encode_column_count(writer, {.columns = 1}, capabilities);
  wire::encode_column(writer, column, capabilities);
  writer.begin();
  writer.u16(0);  // the row's header, and which values are NULL
  writer.lenenc_string(value);
  writer.end();
  wire::encode_ok(writer, {.status = idle}, capabilities, wire::OkHeader::end_of_rows);
  return out;
}

std::string prepared() {
  std::string out;
  wire::Writer writer(out, 1);
  wire::encode_prepare_ok(writer, {.statement = 7, .columns = 1, .parameters = 1});
  wire::encode_column(writer, column, capabilities);
  wire::encode_column(writer, column, capabilities);
  return out;
}

std::string ok(std::uint8_t sequence) {
  std::string out;
  wire::Writer writer(out, sequence);
  wire::encode_ok(writer, {.status = idle}, capabilities);
  return out;
}

class MysqlServer final : public FakeServer {
 public:
  void greet(std::string& out) override {
    wire::Handshake greeting;
    greeting.server_version = "8.4.6";
    greeting.connection_id = 42;
    greeting.capabilities = capabilities;
    greeting.collation = wire::utf8mb4_general_ci;
    greeting.status = idle;
    greeting.challenge.fill(std::byte{'x'});
    greeting.auth_plugin = "mysql_native_password";
    wire::Writer writer(out);
    wire::encode_handshake(writer, greeting);
  }

  void answer(std::string& in, std::string& out) override {
    for (;;) {
      const auto header = wire::read_packet_header(wire::as_bytes(std::string_view(in)));
      if (!header || in.size() < 4 + header->body_bytes) return;
      const auto payload = std::string_view(in).substr(4, header->body_bytes);
      out += logged_in_ ? one(payload) : ok(2);
      logged_in_ = true;
      in.erase(0, 4 + header->body_bytes);
    }
  }

 private:
  static std::string one(std::string_view payload) {
    switch (static_cast<wire::Command>(payload[0])) {
      case wire::Command::stmt_prepare:
        return prepared();
      case wire::Command::stmt_execute:
        return binary_rows();
      case wire::Command::stmt_close:
      case wire::Command::quit:
        return {};
      default:
        return payload.find("sbtest1") != std::string_view::npos ? text_rows() : ok(1);
    }
  }

  bool logged_in_ = false;
};

bool has_packet(std::string_view bytes) {
  const auto header = wire::read_packet_header(wire::as_bytes(bytes));
  return header && bytes.size() >= 4 + header->body_bytes;
}

wire::Capabilities log_in(Rig& rig) {
  ServerLogin login({.user = "app",
                     .database = "app",
                     .credentials = {.password = "secret", .native = {}, .sha2 = {}},
                     .capabilities = capabilities,
                     .attributes = {}});
  std::string to_send;
  for (auto step = ServerLogin::Step::more; step != ServerLogin::Step::done;) {
    std::string in = rig.ask(to_send, has_packet);
    to_send.clear();
    while (has_packet(in) && step == ServerLogin::Step::more) {
      const auto header = wire::read_packet_header(wire::as_bytes(std::string_view(in)));
      const auto payload = std::string_view(in).substr(4, header->body_bytes);
      step = login.on_packet(header->sequence, wire::as_bytes(payload), to_send);
      in.erase(0, 4 + header->body_bytes);
    }
    if (step == ServerLogin::Step::failed) die("log-in: " + login.error().message);
  }
  return login.capabilities();
}

std::string query(wire::Capabilities granted) {
  std::string out;
  wire::Writer writer(out);
  wire::encode_query(writer, "SELECT c FROM sbtest1 WHERE id=5017", granted);
  return out;
}

std::string execute(wire::StatementId statement) {
  std::string out;
  wire::Writer writer(out);
  writer.begin();
  writer.u8(static_cast<std::uint8_t>(wire::Command::stmt_execute));
  writer.u32(statement);
  writer.u8(0);   // no cursor
  writer.u32(1);  // iterations
  writer.u8(0);   // no parameter is NULL
  writer.u8(1);   // their types follow
  writer.u16(3);  // INT
  writer.u32(5017);
  writer.end();
  return out;
}

}  // namespace

void run_mysql(std::string_view protocol, int count) {
  Rig rig(
      config::Engine::mysql, [] { return std::make_unique<MysqlServer>(); },
      [](std::shared_ptr<net::SharedCluster> cluster, net::Worker& worker,
         net::Shard::Peers peers) {
        return net::mysql::shard_factory(std::move(cluster))(worker, std::move(peers));
      });
  rig.connect();
  const auto granted = log_in(rig);
  rig.on_worker([&] {
    model::MysqlCatalogRows rows;
    rows.version = "8.4.6";
    net::mysql::CatalogUpdate update;
    update.catalog = route::mysql::Catalog::build(rows);
    static_cast<net::mysql::Shard&>(rig.shard()).catalog().apply(update);
  });
  std::string question, expected;
  if (protocol == "text") {
    question = query(granted);
    expected = text_rows();
  } else if (protocol == "binary") {
    std::string ask;
    wire::Writer writer(ask);
    wire::encode_prepare(writer, "SELECT c FROM sbtest1 WHERE id=?");
    const std::size_t size = prepared().size();
    const std::string told =
        rig.ask(ask, [size](std::string_view bytes) { return bytes.size() >= size; });
    const auto told_of = wire::decode_prepare_ok(
        wire::as_bytes(std::string_view(told).substr(wire::limits::header_bytes, 12)));
    if (!told_of) die("not the answer to COM_STMT_PREPARE");
    question = execute(told_of->statement);
    expected = binary_rows();
  } else {
    die("no such protocol");
  }
  const auto complete = [&](std::string_view bytes) { return bytes.size() >= expected.size(); };
  for (int i = 0; i < count; ++i) {
    if (rig.ask(question, complete) != expected) die("not the answer that the server gave");
  }
  const auto& nodes = rig.shard().traffic().nodes;
  if (nodes[0].writes > 0 || nodes[0].reads + nodes[1].reads < static_cast<unsigned>(count)) {
    die("the statements did not go as reads");
  }
}

}  // namespace relevo::instructions
