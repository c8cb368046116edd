// A PostgreSQL client that selects one row again and again, and a server that has it.
#include "proxy/net/postgres/shard.hpp"
#include "proxy/session/postgres/server_login.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "tests/bench/instructions/rig.hpp"

namespace relevo::instructions {
namespace {

namespace wire = relevo::wire::postgres;
using session::postgres::ServerLogin;

std::string number(std::uint32_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift);
  }
  return out;
}

std::string message(char type, std::string_view body) {
  return type + number(static_cast<std::uint32_t>(body.size() + 4), 4) + std::string(body);
}

std::string text(std::string_view value) { return std::string(value) + '\0'; }

const std::string ready = message('Z', "I");
const std::string row_description =
    message('T', number(1, 2) + text("abalance") + number(16384, 4) + number(3, 2) + number(23, 4) +
                     number(4, 2) + number(0xffffffff, 4) + number(0, 2));
const std::string data_row = message('D', number(1, 2) + number(5, 4) + "-1234");
const std::string select_1 = message('C', text("SELECT 1"));

// What a report asks for: as much as surely lies in a socket's buffers, since both ends
// are ours.
std::string many_rows() {
  constexpr int rows = 1000;
  std::string out = row_description;
  for (int i = 0; i < rows; ++i) out += data_row;
  return out + message('C', text("SELECT 1000")) + ready;
}

class PostgresServer final : public FakeServer {
 public:
  void answer(std::string& in, std::string& out) override {
    if (!started_) {
      const auto size = wire::read_startup_size(wire::as_bytes(std::string_view(in)));
      if (!size || in.size() < *size) return;
      in.erase(0, *size);
      started_ = true;
      out += message('R', number(0, 4));
      for (const auto& [name, value] : {std::pair{"server_version", "15.20"},
                                        {"client_encoding", "UTF8"},
                                        {"server_encoding", "UTF8"},
                                        {"standard_conforming_strings", "on"},
                                        {"in_hot_standby", "off"},
                                        {"TimeZone", "UTC"}}) {
        out += message('S', text(name) + text(value));
      }
      out += message('K', number(4711, 4) + number(815, 4)) + ready;
    }
    for (;;) {
      const auto header = wire::read_header(wire::as_bytes(std::string_view(in)));
      if (!header || in.size() < header->total_bytes()) return;
      one(in[0], std::string_view(in).substr(5, header->body_bytes), out);
      in.erase(0, header->total_bytes());
    }
  }

 private:
  static void one(char type, std::string_view body, std::string& out) {
    switch (type) {
      case 'Q':
        if (body.find("pgbench_accounts") != std::string_view::npos) {
          out += row_description + data_row + select_1 + ready;
        } else if (body.find("bench_rows") != std::string_view::npos) {
          static const std::string rows = many_rows();
          out += rows;
        } else {
          out += message('C', text("SET")) + ready;
        }
        return;
      case 'P':
        out += message('1', "");
        return;
      case 'B':
        out += message('2', "");
        return;
      case 'D':
        out += row_description;
        return;
      case 'E':
        out += data_row + select_1;
        return;
      case 'S':
        out += ready;
        return;
      default:
        return;
    }
  }

  bool started_ = false;
};

model::CatalogRows catalog_rows() {
  model::CatalogRows rows;
  rows.utf8 = true;
  rows.server_path = "\"$user\", public";
  rows.schemas = {{11, "pg_catalog"}, {2200, "public"}};
  rows.functions.push_back({1, 11, "int4eq", 'f', 'i', false, {}});
  rows.operators.push_back({20001, 11, "=", 1});
  rows.relations.push_back({20002, 2200, "pgbench_accounts", 'r', 'p', {}});
  rows.relations.push_back({20003, 2200, "bench_rows", 'r', 'p', {}});
  return rows;
}

void log_in(Rig& rig) {
  ServerLogin login({.user = "app",
                     .database = "app",
                     .credentials = {.password = "secret", .keys = {}, .md5 = {}},
                     .nonce = "nonce-of-the-counting-client",
                     .tls = false,
                     .channel_binding = {}});
  std::string to_send;
  login.start(to_send);
  auto step = ServerLogin::Step::more;
  while (step == ServerLogin::Step::more) {
    // What is to be said next is known once something was understood.
    std::string in = rig.ask(to_send, [](std::string_view bytes) {
      const auto header = wire::read_header(wire::as_bytes(bytes));
      return header && bytes.size() >= header->total_bytes();
    });
    to_send.clear();
    while (step == ServerLogin::Step::more && !in.empty()) {
      const auto header = wire::read_header(wire::as_bytes(std::string_view(in)));
      if (!header || in.size() < header->total_bytes()) {
        in += rig.ask("", [](std::string_view bytes) { return !bytes.empty(); });
        continue;
      }
      const auto body = std::string_view(in).substr(5, header->body_bytes);
      step = login.on_message(static_cast<wire::Backend>(in[0]), wire::as_bytes(body), to_send);
      in.erase(0, header->total_bytes());
    }
  }
  if (step == ServerLogin::Step::failed) die("log-in: " + login.error().message);
}

constexpr std::string_view by_text = "SELECT abalance FROM pgbench_accounts WHERE aid = 4711;";
constexpr std::string_view by_parameter = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";

std::string parse(std::string_view name) {
  return message('P', text(name) + text(by_parameter) + number(0, 2));
}

std::string bind_execute(std::string_view name) {
  return message('B', text("") + text(name) + number(0, 2) + number(1, 2) + number(4, 4) + "4711" +
                          number(0, 2)) +
         message('D', "P" + text("")) + message('E', text("") + number(0, 4)) + message('S', "");
}

}  // namespace

void run_postgres(std::string_view protocol, int count) {
  Rig rig(
      config::Engine::postgres, [] { return std::make_unique<PostgresServer>(); },
      [](std::shared_ptr<net::SharedCluster> cluster, net::Worker& worker,
         net::Shard::Peers peers) {
        return net::postgres::shard_factory(std::move(cluster))(worker, std::move(peers));
      });
  rig.connect();
  log_in(rig);
  rig.on_worker([&] {
    net::postgres::CatalogUpdate update;
    update.catalog = route::postgres::Catalog::build(catalog_rows());
    static_cast<net::postgres::Shard&>(rig.shard()).apply_catalog("app", update);
  });
  const auto is_ready = [](std::string_view bytes) { return bytes.ends_with(ready); };
  std::string question, expected = row_description + data_row + select_1 + ready;
  const bool changing = protocol == "simple";  // an application that writes values into its texts
  if (changing || protocol == "simple-again") {
    question = message('Q', text(by_text));
  } else if (protocol == "rows") {
    question = message('Q', text("SELECT abalance FROM bench_rows;"));
    expected = many_rows();
  } else if (protocol == "extended") {
    question = parse("") + bind_execute("");
    expected = message('1', "") + message('2', "") + expected;
  } else if (protocol == "prepared") {
    rig.ask(parse("P0_1") + message('S', ""), is_ready);
    question = bind_execute("P0_1");
    expected = message('2', "") + expected;
  } else {
    die("no such protocol");
  }
  for (int i = 0; i < count; ++i) {
    if (changing) {
      question = message('Q', text("SELECT abalance FROM pgbench_accounts WHERE aid = " +
                                   std::to_string(100'000 + i) + ";"));
    }
    if (rig.ask(question, is_ready) != expected) die("not the answer that the server gave");
  }
  const auto& nodes = rig.shard().traffic().nodes;
  if (nodes[0].writes > 0 || nodes[0].reads + nodes[1].reads < static_cast<unsigned>(count)) {
    die("the statements did not go as reads");
  }
}

}  // namespace relevo::instructions
