// One worker's knowledge of one database's catalogue: the snapshot that the
// control plane has published last, and what it means to sessions.
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

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/session/postgres/settings.hpp"
#include "topology/model/catalog_marks.hpp"
#include "topology/model/ids.hpp"

namespace relevo::net::postgres {

struct CatalogUpdate {
  // The same again if nothing has changed; null: nothing is known any more.
  route::postgres::CatalogPtr catalog;
  std::uint64_t certain = 0, perhaps = 0;  // CatalogMarks as the reading has seen them
  // When it was read, if it was another one before: a server that has not
  // replayed that moment may still have the former.
  std::optional<model::Instant> since;
};

using NamingPtr = std::shared_ptr<const route::postgres::Naming>;

class DatabaseCatalog {
 public:
  explicit DatabaseCatalog(std::shared_ptr<model::CatalogMarks> shared)
      : marks(std::move(shared)) {}

  // `lifetime`: how old a server connection may become. One that was opened before the
  // default search_path was changed still has the former.
  void apply(const CatalogUpdate& update, model::Instant now, model::Duration lifetime);

  bool known() const { return catalog_ != nullptr; }
  // Whether nothing has been told that the snapshot has not seen; `seen`: what the
  // session itself has told of.
  bool current(std::uint64_t seen) const {
    return marks->certain.load(std::memory_order_acquire) == certain_ && perhaps_ >= seen;
  }
  // Changes with every snapshot.
  std::uint64_t version() const { return version_; }
  std::optional<model::Instant> since() const { return since_; }

  // What names mean to a session of `user` with these settings. Sessions that
  // have the same share one.
  NamingPtr naming(const session::postgres::SettingsMap& settings, const std::string& user,
                   bool client_utf8);

  // True once per reading: somebody met a name that is not in the snapshot.
  bool may_ask_for_unseen() { return std::exchange(may_ask_, false); }

  const std::shared_ptr<model::CatalogMarks> marks;

 private:
  route::postgres::CatalogPtr catalog_;
  std::uint64_t certain_ = 0, perhaps_ = 0;
  std::uint64_t version_ = 0;
  std::optional<model::Instant> since_;
  std::map<std::string, NamingPtr> namings_;
  std::optional<model::Instant> default_paths_differ_until_;
  bool may_ask_ = true;
};

// A session's place in it, counted.
class CatalogPlace {
 public:
  CatalogPlace() = default;
  ~CatalogPlace() { leave(); }
  CatalogPlace(const CatalogPlace&) = delete;
  CatalogPlace& operator=(const CatalogPlace&) = delete;

  void enter(std::shared_ptr<DatabaseCatalog> catalog);
  void leave();
  DatabaseCatalog* get() const { return catalog_.get(); }

 private:
  std::shared_ptr<DatabaseCatalog> catalog_;
};

}  // namespace relevo::net::postgres
