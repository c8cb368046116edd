// Reads what a MySQL or MariaDB server's information_schema tells of stored functions,
// views, and tables that are not like others: one query each, of as many rows as a
// control query may have. A server with more is not read.
//
// The server shows an account what it has privileges for and nothing else: a function
// that is not shown is not known, a view that is not shown passes for a table.
#pragma once

#include "topology/catalog/conversation.hpp"
#include "topology/catalog/reader.hpp"

namespace relevo::catalog {

class MysqlReader final : public Reader {
 public:
  explicit MysqlReader(asio::io_context& io)
      : talk_(std::make_shared<Conversation>(model::Engine::mysql, io)) {}
  ~MysqlReader() override { talk_->end(); }

  void read(const client::Endpoint& endpoint, const std::string& name,
            std::string known_fingerprint, model::Duration limit, Handler handler) override;
  void list(const client::Endpoint& endpoint, model::Duration limit, ListHandler handler) override;

 private:
  void look();
  void read_page();
  void finish();

  std::shared_ptr<Conversation> talk_;
  Handler handler_;
  std::string known_;
  Reading reading_;
  std::unique_ptr<model::MysqlCatalogRows> rows_;
  std::size_t page_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace relevo::catalog
