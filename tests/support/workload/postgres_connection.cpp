// PostgreSQL through libpq, by its calls that do not block.
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "connection.hpp"

namespace relevo::workload {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

std::string without_newline(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && out.back() == '\n') {
    out.pop_back();
  }
  return out;
}

void ignore_notice(void*, const PGresult*) {}

class PostgresConnection final : public Connection {
 public:
  std::optional<std::string> connect(const std::string& conninfo) override;
  bool connected() const override {
    return connection_ && PQstatus(connection_.get()) == CONNECTION_OK;
  }
  void close() override { connection_.reset(); }
  Reply run(const std::string& sql, std::chrono::milliseconds timeout) override;
  Reply run(const std::string& sql, const std::vector<std::string>& parameters,
            std::chrono::milliseconds timeout) override;
  std::optional<std::string> each_row(const std::string& sql,
                                      const std::function<void(const Row&)>& use) override;
  std::optional<std::string> unasked_error() override;

 private:
  Reply collect(bool sent, std::chrono::milliseconds timeout);
  bool wait_readable(Clock::time_point deadline) const;
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

std::optional<std::string> PostgresConnection::connect(const std::string& conninfo) {
  connection_.reset(PQconnectdb(conninfo.c_str()));
  if (!connected()) {
    std::string why = without_newline(PQerrorMessage(connection_.get()));
    connection_.reset();
    return why;
  }
  PQsetNoticeReceiver(connection_.get(), ignore_notice, nullptr);
  return std::nullopt;
}

Reply PostgresConnection::run(const std::string& sql, std::chrono::milliseconds timeout) {
  return collect(PQsendQuery(connection_.get(), sql.c_str()) == 1, timeout);
}

Reply PostgresConnection::run(const std::string& sql, const std::vector<std::string>& parameters,
                              std::chrono::milliseconds timeout) {
  std::vector<const char*> values(parameters.size());
  std::transform(parameters.begin(), parameters.end(), values.begin(),
                 [](const std::string& text) { return text.c_str(); });
  return collect(PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                                   nullptr, values.data(), nullptr, nullptr, 0) == 1,
                 timeout);
}

bool PostgresConnection::wait_readable(Clock::time_point deadline) const {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return false;
    }
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return true;  // PQconsumeInput will tell what is wrong
    }
  }
}

Reply PostgresConnection::collect(bool sent, std::chrono::milliseconds timeout) {
  Reply reply;
  PGconn* const connection = connection_.get();
  if (!sent) {
    reply.message = without_newline(PQerrorMessage(connection));
    return reply;
  }
  const auto deadline = Clock::now() + timeout;
  bool answered = false;
  for (;;) {
    while (PQisBusy(connection) == 1) {
      if (!wait_readable(deadline)) {
        reply.kind = Reply::Kind::timed_out;
        reply.message = "no answer within " + std::to_string(timeout.count()) + " ms";
        close();
        return reply;
      }
      if (PQconsumeInput(connection) == 0) {
        break;  // PQgetResult makes the error of it
      }
    }
    const Result result(PQgetResult(connection));
    if (!result) {
      break;
    }
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        if (!answered) {
          reply.kind = Reply::Kind::done;
        }
        reply.tag = PQcmdStatus(result.get());
        if (PQntuples(result.get()) > 0) {
          reply.first_row.clear();
          for (int column = 0; column < PQnfields(result.get()); ++column) {
            reply.first_row.emplace_back(PQgetvalue(result.get(), 0, column));
          }
        }
        break;
      default: {
        // The first error counts; a broken connection adds others of its own.
        if (reply.kind != Reply::Kind::refused) {
          const char* code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
          reply.kind = code ? Reply::Kind::refused : Reply::Kind::lost;
          reply.sqlstate = code ? code : "";
          reply.message = without_newline(PQresultErrorMessage(result.get()));
        }
      }
    }
    answered = true;
  }
  if (!answered) {
    reply.message = without_newline(PQerrorMessage(connection));
  }
  // An error that also ended the connection is no plain refusal: the server may
  // have died of something else after it had done the work.
  if (PQstatus(connection) != CONNECTION_OK && reply.kind != Reply::Kind::done) {
    reply.kind = Reply::Kind::lost;
  }
  return reply;
}

std::optional<std::string> PostgresConnection::each_row(
    const std::string& sql, const std::function<void(const Row&)>& use) {
  const Result result(PQexec(connection_.get(), sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    return without_newline(PQerrorMessage(connection_.get()));
  }
  Row row(static_cast<std::size_t>(PQnfields(result.get())));
  for (int number = 0; number < PQntuples(result.get()); ++number) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      row[column] = PQgetvalue(result.get(), number, static_cast<int>(column));
    }
    use(row);
  }
  return std::nullopt;
}

std::optional<std::string> PostgresConnection::unasked_error() {
  if (!connection_) {
    return "not connected";
  }
  if (PQconsumeInput(connection_.get()) == 0 || PQstatus(connection_.get()) != CONNECTION_OK) {
    return without_newline(PQerrorMessage(connection_.get()));
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Connection> make_postgres_connection() {
  return std::make_unique<PostgresConnection>();
}

}  // namespace relevo::workload
