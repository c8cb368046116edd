// MySQL and MariaDB through Connector/C (or Oracle's library). Its calls block; the
// time limits of its own options bound each.
#include <mysql.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <sstream>
#include <type_traits>

#include "connection.hpp"

namespace relevo::workload {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Bool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;  // bool, or my_bool of old

// The library takes its limits when it connects, in whole seconds. A statement's own
// deadline must not be later than this; it is found out when the library gives up.
constexpr unsigned connect_timeout_s = 20, longest_wait_s = 90;
constexpr std::chrono::seconds wait_limit{longest_wait_s};

struct CloseConnection {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Result = std::unique_ptr<MYSQL_RES, FreeResult>;

// "host=a,b port=1,2 user=u dbname=d target_session_attrs=read-write"
struct Target {
  std::vector<std::string> hosts, ports;
  std::string user, database;
  bool writable_only = false;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

Target parse(const std::string& conninfo) {
  Target target;
  for (const std::string& setting : split(conninfo, ' ')) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string name = setting.substr(0, equals), value = setting.substr(equals + 1);
    if (name == "host") {
      target.hosts = split(value, ',');
    } else if (name == "port") {
      target.ports = split(value, ',');
    } else if (name == "user") {
      target.user = value;
    } else if (name == "dbname") {
      target.database = value;
    } else if (name == "target_session_attrs") {
      target.writable_only = value == "read-write";
    }
  }
  return target;
}

// The client's own errors, and those with which a server ends a connection: after
// them nobody has said whether the statement was done.
bool means_lost(unsigned code) {
  constexpr std::array ending{1053U,   // ER_SERVER_SHUTDOWN
                              1077U,   // ER_NORMAL_SHUTDOWN
                              1152U,   // ER_ABORTING_CONNECTION
                              1927U};  // ER_CONNECTION_KILLED
  return (code >= 2000 && code < 3000) || (code >= 1158 && code <= 1161) ||  // ER_NET_*
         std::find(ending.begin(), ending.end(), code) != ending.end();
}

class MysqlConnection final : public Connection {
 public:
  std::optional<std::string> connect(const std::string& conninfo) override {
    const Target target = parse(conninfo);
    std::string why = "no host and port to connect to";
    for (std::size_t index = 0; index < std::min(target.hosts.size(), target.ports.size());
         ++index) {
      if (auto refusal = connect_one(target, index)) {
        why = *refusal;
        continue;
      }
      if (target.writable_only) {
        const Reply reply = run("SELECT @@global.read_only", Milliseconds(5000));
        if (!reply.ok() || reply.first_row.empty() || reply.first_row[0] != "0") {
          why = "no server takes writes";
          close();
          continue;
        }
      }
      return std::nullopt;
    }
    close();
    return why;
  }

  bool connected() const override { return connection_ != nullptr; }

  void close() override {
    statements_.clear();  // before what they belong to
    connection_.reset();
  }

  Reply run(const std::string& sql, Milliseconds timeout) override {
    Reply reply;
    if (!connected()) {
      reply.message = "not connected";
      return reply;
    }
    const auto began = Clock::now();
    if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) {
      return failed(began, timeout);
    }
    const Result result(mysql_store_result(connection_.get()));
    if (!result) {
      if (mysql_field_count(connection_.get()) != 0) {
        return failed(began, timeout);
      }
    } else if (MYSQL_ROW row = mysql_fetch_row(result.get())) {
      for (unsigned column = 0; column < mysql_num_fields(result.get()); ++column) {
        reply.first_row.emplace_back(row[column] ? row[column] : "");
      }
    }
    reply.kind = Reply::Kind::done;
    return reply;
  }

  Reply run(const std::string& sql, const std::vector<std::string>& parameters,
            Milliseconds timeout) override {
    Reply reply;
    if (!connected()) {
      reply.message = "not connected";
      return reply;
    }
    const auto began = Clock::now();
    // Prepared once and executed often, as drivers' caches do it.
    auto& kept = statements_[sql];
    const bool is_new = !kept;
    if (is_new) {
      kept.reset(mysql_stmt_init(connection_.get()));
    }
    MYSQL_STMT* const statement = kept.get();
    if (statement == nullptr) {
      return failed(began, timeout);
    }
    if (is_new && mysql_stmt_prepare(statement, sql.data(), sql.size()) != 0) {
      return failed_statement(statement, sql, began, timeout);
    }
    std::vector<MYSQL_BIND> values(parameters.size(), MYSQL_BIND{});
    std::vector<unsigned long> lengths(parameters.size());
    for (std::size_t index = 0; index < parameters.size(); ++index) {
      lengths[index] = parameters[index].size();
      values[index].buffer_type = MYSQL_TYPE_STRING;
      values[index].buffer = const_cast<char*>(parameters[index].data());  // only read
      values[index].buffer_length = lengths[index];
      values[index].length = &lengths[index];
    }
    if (mysql_stmt_bind_param(statement, values.data()) != 0 ||
        mysql_stmt_execute(statement) != 0 ||
        (mysql_stmt_field_count(statement) != 0 && !take_first_row(statement, reply))) {
      return failed_statement(statement, sql, began, timeout);
    }
    reply.kind = Reply::Kind::done;
    return reply;
  }

  std::optional<std::string> each_row(const std::string& sql,
                                      const std::function<void(const Row&)>& use) override {
    if (!connected()) {
      return "not connected";
    }
    if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) {
      return mysql_error(connection_.get());
    }
    const Result result(mysql_use_result(connection_.get()));
    if (!result) {
      return mysql_error(connection_.get());
    }
    Row row(mysql_num_fields(result.get()));
    while (MYSQL_ROW values = mysql_fetch_row(result.get())) {
      for (std::size_t column = 0; column < row.size(); ++column) {
        row[column] = values[column] ? values[column] : "";
      }
      use(row);
    }
    if (mysql_errno(connection_.get()) != 0) {
      return mysql_error(connection_.get());
    }
    return std::nullopt;
  }

  // A server speaks unasked only to say why it closes.
  std::optional<std::string> unasked_error() override {
    if (!connected()) {
      return "not connected";
    }
    char byte = 0;
    const ssize_t count =
        ::recv(mysql_get_socket(connection_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count == 0) {
      return "closed by the server";
    }
    if (count > 0) {
      const Reply reply = run("DO 0", Milliseconds(5000));
      return reply.ok() ? "the server spoke unasked" : reply.message;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? std::nullopt
                                                   : std::optional<std::string>("reset");
  }

 private:
  std::optional<std::string> connect_one(const Target& target, std::size_t index) {
    close();
    connection_.reset(mysql_init(nullptr));
    if (!connection_) {
      return "out of memory";
    }
    mysql_options(connection_.get(), MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout_s);
    for (const auto option : {MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
      mysql_options(connection_.get(), option, &longest_wait_s);
    }
    const char* const password = std::getenv("MYSQL_PWD");
    if (mysql_real_connect(connection_.get(), target.hosts[index].c_str(), target.user.c_str(),
                           password ? password : "", target.database.c_str(),
                           static_cast<unsigned>(std::atoi(target.ports[index].c_str())), nullptr,
                           0) == nullptr) {
      std::string why = mysql_error(connection_.get());
      close();
      return why;
    }
    return std::nullopt;
  }

  static bool take_first_row(MYSQL_STMT* statement, Reply& reply) {
    struct Field {
      std::array<char, 64> text{};
      unsigned long length = 0;
      Bool null = false;
    };
    const unsigned count = mysql_stmt_field_count(statement);
    std::vector<Field> fields(count);
    std::vector<MYSQL_BIND> targets(count, MYSQL_BIND{});
    for (unsigned column = 0; column < count; ++column) {
      targets[column].buffer_type = MYSQL_TYPE_STRING;
      targets[column].buffer = fields[column].text.data();
      targets[column].buffer_length = fields[column].text.size();
      targets[column].length = &fields[column].length;
      targets[column].is_null = &fields[column].null;
    }
    if (mysql_stmt_bind_result(statement, targets.data()) != 0 ||
        mysql_stmt_store_result(statement) != 0) {
      return false;
    }
    const int fetched = mysql_stmt_fetch(statement);
    if (fetched == 0 || fetched == MYSQL_DATA_TRUNCATED) {
      for (const Field& field : fields) {
        reply.first_row.emplace_back(field.text.data(),
                                     std::min<std::size_t>(field.null ? 0 : field.length, 64));
      }
    }
    mysql_stmt_free_result(statement);
    return fetched != 1;
  }

  Reply failed(Clock::time_point began, Milliseconds timeout) {
    return failure(mysql_errno(connection_.get()), mysql_sqlstate(connection_.get()),
                   mysql_error(connection_.get()), began, timeout);
  }

  Reply failed_statement(MYSQL_STMT* statement, const std::string& sql, Clock::time_point began,
                         Milliseconds timeout) {
    Reply reply = failure(mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement),
                          mysql_stmt_error(statement), began, timeout);
    statements_.erase(sql);  // or gone already, with its connection
    return reply;
  }

  Reply failure(unsigned code, std::string state, std::string message, Clock::time_point began,
                Milliseconds timeout) {
    Reply reply;
    reply.message = std::move(message);
    if (!means_lost(code)) {
      reply.kind = Reply::Kind::refused;
      reply.sqlstate = state == "HY000" ? "HY000 (" + std::to_string(code) + ")" : std::move(state);
      return reply;
    }
    reply.kind = Clock::now() - began >= std::min(timeout, Milliseconds(wait_limit))
                     ? Reply::Kind::timed_out
                     : Reply::Kind::lost;
    if (code < 2000) {
      reply.sqlstate = std::move(state);
    }
    close();
    return reply;
  }

  std::unique_ptr<MYSQL, CloseConnection> connection_;
  std::map<std::string, std::unique_ptr<MYSQL_STMT, CloseStatement>> statements_;
};

// Before there are threads.
const bool initialised = mysql_library_init(0, nullptr, nullptr) == 0;

}  // namespace

std::unique_ptr<Connection> make_mysql_connection() {
  static_cast<void>(initialised);
  return std::make_unique<MysqlConnection>();
}

}  // namespace relevo::workload
