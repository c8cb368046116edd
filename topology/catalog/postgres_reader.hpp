// Reads one PostgreSQL database's catalogue. A database with more objects than
// objects_max is not read.
#pragma once

#include "topology/catalog/conversation.hpp"
#include "topology/catalog/reader.hpp"

namespace relevo::catalog {

inline constexpr std::size_t objects_max = 300'000;
inline constexpr std::size_t uses_max = 3'000'000;

class PostgresReader final : public Reader {
 public:
  explicit PostgresReader(asio::io_context& io)
      : talk_(std::make_shared<Conversation>(model::Engine::postgres, io)) {}
  ~PostgresReader() override { talk_->end(); }

  void read(const client::Endpoint& endpoint, const std::string& name,
            std::string known_fingerprint, model::Duration limit, Handler handler) override;
  void list(const client::Endpoint& endpoint, model::Duration limit, ListHandler handler) override;

 private:
  // path -> begin -> fingerprint -> pages, one query after the other.
  void look();
  void read_page();
  void on_page(const client::Rows& answer);
  void finish();

  std::shared_ptr<Conversation> talk_;
  Handler handler_;
  std::string known_;
  Reading reading_;
  std::unique_ptr<model::CatalogRows> rows_;
  int page_ = 0;
  model::Oid last_ = 0;
  std::size_t uses_ = 0;
};

}  // namespace relevo::catalog
