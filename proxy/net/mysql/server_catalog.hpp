// One worker's knowledge of a MySQL or MariaDB cluster's catalogue: the snapshot that
// the control plane has published last, and what it means to sessions.
//
// Invariant: a snapshot is used only while no session of this process is known to
// have changed what names mean since its reading began. The counts that tell are
// shared and atomic; everything else belongs to the worker's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proxy/route/mysql/catalog.hpp"
#include "topology/model/catalog_marks.hpp"
#include "topology/model/ids.hpp"

namespace relevo::net::mysql {

struct CatalogUpdate {
  // The same again if nothing has changed; null: nothing is known any more.
  route::mysql::CatalogPtr catalog;
  std::uint64_t certain = 0;  // CatalogMarks as the reading has seen them
  // When it was read, if it was another one before: a server that has not
  // replayed that moment may still have the former.
  std::optional<model::Instant> since;
};

using NamingPtr = std::shared_ptr<const route::MysqlNaming>;

class ServerCatalog {
 public:
  explicit ServerCatalog(std::shared_ptr<model::CatalogMarks> shared) : marks(std::move(shared)) {}

  void apply(const CatalogUpdate& update);

  bool known() const { return catalog_ != nullptr; }
  bool folds_names() const { return catalog_ != nullptr && catalog_->folds_names(); }
  // What takes from sequences unseen, as far as is known; null: nothing does.
  const route::mysql::Takers* takers() const {
    return catalog_ != nullptr && !catalog_->takers().empty() ? &catalog_->takers() : nullptr;
  }
  // Whether nothing has been told that the snapshot has not seen.
  bool current() const { return marks->certain.load(std::memory_order_acquire) == certain_; }
  // Changes with every snapshot.
  std::uint64_t version() const { return version_; }
  std::optional<model::Instant> since() const { return since_; }

  // What names mean to a session that uses this database. Sessions that use the same
  // share one.
  NamingPtr naming(const std::string& database, bool utf8);

  // True once per reading: somebody met a name that is not in the snapshot.
  bool may_ask_for_unseen() { return std::exchange(may_ask_, false); }

  const std::shared_ptr<model::CatalogMarks> marks;

 private:
  route::mysql::CatalogPtr catalog_;
  std::uint64_t certain_ = 0;
  std::uint64_t version_ = 0;
  std::optional<model::Instant> since_;
  std::map<std::pair<std::string, bool>, NamingPtr> namings_;
  bool may_ask_ = true;
};

}  // namespace relevo::net::mysql
