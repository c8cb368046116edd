#include "topology/catalog/reader.hpp"

#include <utility>

#include "topology/catalog/queries.hpp"

namespace relevo::catalog {
namespace {

using client::Failure;
using client::FailureKind;
using client::Outcome;
using client::Rows;
using Clock = std::chrono::steady_clock;

constexpr model::Duration connect_limit = std::chrono::seconds(5);

Failure strange(const char* what) {
  return {FailureKind::server_error, "", std::string("an unexpected answer about ") + what};
}

}  // namespace

// path -> begin -> fingerprint -> pages, one query after the other.
struct Reader::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(asio::io_context& context)
      : connection(client::make_connection(model::Engine::postgres, context)) {}

  void connect(const client::Endpoint& endpoint, model::Duration limit, std::function<void()> next);
  void ask(const std::string& sql, std::function<void(const Rows&)> next);
  void look();
  void read_page();
  void on_page(const Rows& answer);
  void finish(Outcome<Reading> outcome);

  std::unique_ptr<client::Connection> connection;
  Handler handler;
  ListHandler list_handler;
  std::string known;
  model::Instant deadline{};
  Reading reading;
  int page = 0;
  model::Oid last = 0;
  std::size_t uses = 0;
};

void Reader::Impl::finish(Outcome<Reading> outcome) {
  connection->close();
  if (const ListHandler call = std::exchange(list_handler, nullptr); call) {
    return call(tl::make_unexpected(outcome.error()));
  }
  const Handler call = std::exchange(handler, nullptr);
  if (call) call(std::move(outcome));
}

void Reader::Impl::ask(const std::string& sql, std::function<void(const Rows&)> next) {
  const model::Duration left = deadline - Clock::now();
  if (left <= model::Duration::zero()) {
    return finish(tl::make_unexpected(Failure{FailureKind::timeout, "", "took too long"}));
  }
  connection->query(sql, left,
                    [weak = weak_from_this(), next = std::move(next)](const Outcome<Rows>& answer) {
                      const auto self = weak.lock();
                      if (self == nullptr) return;
                      if (!answer) return self->finish(tl::make_unexpected(answer.error()));
                      next(*answer);
                    });
}

void Reader::Impl::connect(const client::Endpoint& endpoint, model::Duration limit,
                           std::function<void()> next) {
  deadline = Clock::now() + limit;
  connection->connect(
      endpoint, std::min(connect_limit, limit),
      [weak = weak_from_this(), next = std::move(next)](const Outcome<void>& outcome) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        if (!outcome) return self->finish(tl::make_unexpected(outcome.error()));
        next();
      });
}

void Reader::Impl::look() {
  ask(server_path_query, [this](const Rows& path) {
    if (!take_server_path(path, *reading.rows)) {
      return finish(tl::make_unexpected(strange("search_path")));
    }
    ask(begin_query, [this](const Rows&) {
      ask(fingerprint_query, [this](const Rows& answer) {
        if (answer.rows.size() != 1 || answer.rows[0].size() != 3 || !answer.rows[0][2]) {
          return finish(tl::make_unexpected(strange("the catalogue's state")));
        }
        const auto& row = answer.rows[0];
        reading.in_recovery = row[0] == "t";
        reading.rows->utf8 = row[1] == "UTF8";
        // With the server's own path, which no row of the catalogue tells.
        reading.fingerprint = *row[2] + " " + reading.rows->server_path.value_or("?");
        if (reading.fingerprint == known) {
          reading.rows = nullptr;
          return finish(std::move(reading));
        }
        read_page();
      });
    });
  });
}

void Reader::Impl::read_page() {
  ask(page_query(static_cast<Page>(page), last), [this](const Rows& answer) { on_page(answer); });
}

void Reader::Impl::on_page(const Rows& answer) {
  model::CatalogRows& rows = *reading.rows;
  const auto at = static_cast<Page>(page);
  if (!take_page(at, answer, rows, last, uses)) {
    return finish(tl::make_unexpected(strange("the catalogue")));
  }
  const std::size_t objects = rows.functions.size() + rows.relations.size() +
                              rows.operators.size() + rows.conversions.size() + rows.schemas.size();
  if (objects > objects_max || uses > uses_max) {
    return finish(tl::make_unexpected(
        Failure{FailureKind::server_error, "",
                "it has more than " + std::to_string(objects_max) + " functions and relations"}));
  }
  if (answer.rows.size() < page_rows(at)) {
    ++page;
    last = 0;
  }
  if (page == pages) return finish(std::move(reading));
  read_page();
}

Reader::Reader(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

Reader::~Reader() {
  impl_->handler = nullptr;
  impl_->list_handler = nullptr;
  impl_->connection->close();
}

void Reader::read(const client::Endpoint& endpoint, std::string known_fingerprint,
                  model::Duration limit, Handler handler) {
  Impl& impl = *impl_;
  impl.handler = std::move(handler);
  impl.known = std::move(known_fingerprint);
  impl.reading = {};
  impl.reading.rows = std::make_unique<model::CatalogRows>();
  impl.page = 0;
  impl.last = 0;
  impl.uses = 0;
  impl.connect(endpoint, limit, [&impl] { impl.look(); });
}

void Reader::list(const client::Endpoint& endpoint, model::Duration limit, ListHandler handler) {
  Impl& impl = *impl_;
  impl.list_handler = std::move(handler);
  impl.connect(endpoint, limit, [&impl] {
    impl.ask(databases_query, [&impl](const Rows& answer) {
      std::vector<std::string> names;
      for (const auto& row : answer.rows) {
        if (row.size() == 1 && row[0]) names.push_back(*row[0]);
      }
      impl.connection->close();
      std::exchange(impl.list_handler, nullptr)(std::move(names));
    });
  });
}

}  // namespace relevo::catalog
