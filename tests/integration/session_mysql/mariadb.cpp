#include "tests/integration/session_mysql/mariadb.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "proxy/wire/mysql/reader.hpp"

namespace relevo::session::mysql::test {
namespace {

const std::string source_dir = RELEVO_SOURCE_DIR;
const std::string mycluster = source_dir + "/scripts/mycluster";

// Accounts are made with their hashes where the statement would show a password.
constexpr std::string_view accounts = R"(
  CREATE USER native@'%' IDENTIFIED BY 'secret';
  CREATE USER empty@'%';
  CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret');
  CREATE USER either@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret') OR mysql_native_password
    USING PASSWORD('other');
  CREATE USER encrypted@'%' IDENTIFIED BY 'secret' REQUIRE SSL;
  CREATE USER locked@'%' IDENTIFIED BY 'secret' ACCOUNT LOCK;
)";

SSL_CTX* tls_context() {
  static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  return context;
}

}  // namespace

std::string run(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
    output.append(buffer, size);
  }
  if (::pclose(pipe) != 0) throw std::runtime_error(command + ": " + output);
  return output;
}

Mariadb::Mariadb() {
  std::string made = (std::filesystem::temp_directory_path() / "relevo-login-XXXXXX").string();
  if (::mkdtemp(made.data()) == nullptr) throw std::runtime_error("cannot make " + made);
  ::chmod(made.c_str(), 0711);  // the server has a user of its own
  directory_ = made;
  run(mycluster + " create " + directory_ +
      "/c --replicas 0 --fast --tls --set plugin_load_add=auth_ed25519");
  port_ = static_cast<std::uint16_t>(std::stoul(sql("SELECT @@port")));
  sql(std::string(accounts));
}

Mariadb::~Mariadb() {
  // Not run(): a test's end is no place for exceptions.
  [[maybe_unused]] const int code =
      std::system((mycluster + " destroy " + directory_ + "/c").c_str());
  std::filesystem::remove_all(directory_);
}

Mariadb& Mariadb::shared() {
  static Mariadb server;
  return server;
}

std::string Mariadb::sql(const std::string& text) const {
  return run(mycluster + " sql " + directory_ + "/c db1 -e \"" + text + "\"");
}

int Mariadb::connect_tcp() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the server");
  }
  return fd;
}

int Mariadb::connect_socket() const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (directory_ + "/c/db1/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to the server's socket");
  }
  return fd;
}

ServerLogin::Step go_on(Channel& channel, ServerLogin& login, std::string out) {
  while (true) {
    if (!channel.send(out)) throw std::runtime_error("cannot send to the server");
    const auto packet = channel.receive();
    if (!packet) throw std::runtime_error("the server is gone, or says nothing");
    out.clear();
    auto step = login.on_packet(packet->sequence, packet->bytes(), out);
    if (step == ServerLogin::Step::start_tls) {
      channel.send(out);
      if (!channel.begin_tls(tls_context(), false)) throw std::runtime_error("no TLS");
      out.clear();
      login.set_tls(out);
      step = ServerLogin::Step::more;
    }
    if (step != ServerLogin::Step::more) return step;
  }
}

ServerLogin::Step log_in(Channel& channel, ServerLogin& login) { return go_on(channel, login, {}); }

std::string query(Channel& channel, const ServerLogin& login, std::string_view sql) {
  std::string out;
  wire::mysql::Writer writer(out, 0);
  writer.begin();
  writer.u8(static_cast<std::uint8_t>(wire::mysql::Command::query));
  writer.text(sql);
  writer.end();
  channel.send(out);
  std::string value;
  auto place = wire::mysql::Place::start;
  bool has_row = false;
  while (const auto packet = channel.receive()) {
    const auto kind =
        wire::mysql::classify(place, login.capabilities(), packet->bytes(), packet->payload.size());
    if (!kind) throw std::runtime_error("malformed answer");
    using wire::mysql::PayloadKind;
    switch (*kind) {
      case PayloadKind::err:
        return "ERR " + std::string(wire::mysql::decode_err(packet->bytes())->message);
      case PayloadKind::ok:
        return value;
      case PayloadKind::column_count:
        place = wire::mysql::Place::columns;
        break;
      case PayloadKind::column:  // one column, one row, and deprecate_eof: a row follows
        place = wire::mysql::Place::rows;
        break;
      case PayloadKind::row: {
        wire::mysql::Reader reader(packet->bytes());
        if (!has_row) value = std::string(reader.lenenc_string());
        has_row = true;
        break;
      }
      default:
        throw std::runtime_error("an answer that the test did not expect");
    }
  }
  throw std::runtime_error("the server is gone");
}

}  // namespace relevo::session::mysql::test
