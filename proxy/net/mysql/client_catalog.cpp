// What names mean to a session, by the servers' catalogue and the database that it
// uses; and what it tells of the catalogue in its turn.
#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"

namespace relevo::net::mysql {

using route::CatalogChange;

void ClientSession::enter_catalog() {
  ServerCatalog& catalog = shard_.catalog();
  if (!std::exchange(in_catalog_, true)) catalog.marks->sessions.fetch_add(1);
  // The first session, or the first since nobody was there any more.
  if (!catalog.known()) shard_.look_at_catalog();
}

void ClientSession::leave_catalog() {
  if (std::exchange(in_catalog_, false)) shard_.catalog().marks->sessions.fetch_sub(1);
}

// What names mean now. A few comparisons when nothing has happened.
const route::MysqlNaming* ClientSession::look_at_names() {
  ServerCatalog& catalog = shard_.catalog();
  if (!catalog.known()) {
    naming_ = nullptr;
    const bool by_text =
        shard_.settings().config.routing.without_catalog == config::WithoutCatalog::text;
    return by_text ? nullptr : &route::unknown_mysql_naming;
  }
  if (names_suspect()) return &route::suspect_mysql_naming;
  if (naming_ == nullptr) naming_ = last_naming_.lock();
  const bool same =
      naming_ != nullptr && naming_version_ == catalog.version() && naming_of_ == session_->state();
  if (!same) {
    naming_of_ = session_->state();
    naming_version_ = catalog.version();
    naming_ = catalog.naming(naming_of_->schema, session_->utf8_names());
    last_naming_ = naming_;
  }
  return naming_.get();
}

// DDL has passed since the snapshot was read: what names anything goes to the primary
// until it is read again. Without a primary that would stop the reads, and nobody can
// read it again.
bool ClientSession::names_suspect() const {
  const bool primary = shard_.view() == nullptr || !route::without_primary(*shard_.view());
  return primary && !shard_.catalog().current();
}

// Of what was sent. Null: a text larger than is read.
void ClientSession::note_names(const route::Analysis* runs) {
  CatalogChange change = CatalogChange::unseen;
  if (runs != nullptr) {
    change = runs->catalog_change;
    // What the text hides is seen a moment later.
    if (runs->mysql.may_call_routine) change = std::max(change, CatalogChange::unseen);
  }
  catalog_change_ = std::max(catalog_change_, change);
}

// Ahead of the answer, which says that it has happened; of several statements perhaps
// only the first has, and so once more at the end.
void ClientSession::tell_catalog_change_early() {
  if (catalog_change_ != CatalogChange::certain) return;
  shard_.catalog().marks->certain.fetch_add(1);
  shard_.look_at_catalog();
}

void ClientSession::tell_catalog_change() {
  const CatalogChange change = std::exchange(catalog_change_, CatalogChange::none);
  if (change == CatalogChange::none) return;
  ServerCatalog& catalog = shard_.catalog();
  if (change != CatalogChange::certain && !catalog.may_ask_for_unseen()) return;
  if (change == CatalogChange::certain) catalog.marks->certain.fetch_add(1);
  shard_.look_at_catalog();
}

}  // namespace relevo::net::mysql
