#include "topology/catalog/postgres_reader.hpp"

#include <utility>

#include "topology/catalog/postgres_queries.hpp"

namespace relevo::catalog {

using client::Failure;
using client::FailureKind;
using client::Rows;

void PostgresReader::finish() {
  talk_->end();
  reading_.rows = std::move(rows_);
  std::exchange(handler_, nullptr)(std::move(reading_));
}

void PostgresReader::look() {
  talk_->ask(server_path_query, [this](const Rows& path) {
    if (!take_server_path(path, *rows_)) return talk_->strange("search_path");
    talk_->ask(begin_query, [this](const Rows&) {
      talk_->ask(fingerprint_query, [this](const Rows& answer) {
        if (answer.rows.size() != 1 || answer.rows[0].size() != 3 || !answer.rows[0][2]) {
          return talk_->strange("the catalogue's state");
        }
        const auto& row = answer.rows[0];
        reading_.in_recovery = row[0] == "t";
        rows_->utf8 = row[1] == "UTF8";
        // With the server's own path, which no row of the catalogue tells.
        reading_.fingerprint = *row[2] + " " + rows_->server_path.value_or("?");
        if (reading_.fingerprint == known_) {
          talk_->end();
          return std::exchange(handler_, nullptr)(std::move(reading_));
        }
        read_page();
      });
    });
  });
}

void PostgresReader::read_page() {
  talk_->ask(page_query(static_cast<Page>(page_), last_),
             [this](const Rows& answer) { on_page(answer); });
}

void PostgresReader::on_page(const Rows& answer) {
  model::CatalogRows& rows = *rows_;
  const auto at = static_cast<Page>(page_);
  if (!take_page(at, answer, rows, last_, uses_)) return talk_->strange("the catalogue");
  const std::size_t objects = rows.functions.size() + rows.relations.size() +
                              rows.operators.size() + rows.conversions.size() + rows.schemas.size();
  if (objects > objects_max || uses_ > uses_max) {
    return talk_->fail(
        Failure{FailureKind::server_error, "",
                "it has more than " + std::to_string(objects_max) + " functions and relations"});
  }
  if (answer.rows.size() < page_rows(at)) {
    ++page_;
    last_ = 0;
  }
  if (page_ == pages) return finish();
  read_page();
}

void PostgresReader::read(const client::Endpoint& endpoint, const std::string& name,
                          std::string known_fingerprint, model::Duration limit, Handler handler) {
  handler_ = std::move(handler);
  known_ = std::move(known_fingerprint);
  reading_ = {};
  rows_ = std::make_unique<model::CatalogRows>();
  page_ = 0;
  last_ = 0;
  uses_ = 0;
  client::Endpoint of_database = endpoint;
  of_database.database = name;
  talk_->begin(
      of_database, limit, [this] { look(); },
      [this](const Failure& failure) {
        std::exchange(handler_, nullptr)(tl::make_unexpected(failure));
      });
}

void PostgresReader::list(const client::Endpoint& endpoint, model::Duration limit,
                          ListHandler handler) {
  const auto done = std::make_shared<ListHandler>(std::move(handler));
  talk_->begin(
      endpoint, limit,
      [this, done] {
        talk_->ask(databases_query, [this, done](const Rows& answer) {
          std::vector<std::string> names;
          for (const auto& row : answer.rows) {
            if (row.size() == 1 && row[0]) names.push_back(*row[0]);
          }
          talk_->end();
          (*done)(std::move(names));
        });
      },
      [done](const Failure& failure) { (*done)(tl::make_unexpected(failure)); });
}

}  // namespace relevo::catalog
