// What names mean to a session, by its database's catalogue and what the session
// has set; and what it tells of the catalogue in its turn.
#include <algorithm>

#include "proxy/net/postgres/client_session.hpp"

namespace relevo::net::postgres {

using route::CatalogChange;

void ClientSession::enter_catalog() {
  catalog_.enter(shard_.catalog_of(database_));
  // The first in this database, or the first since nobody used it any more.
  const DatabaseCatalog& catalog = *catalog_.get();
  if (!catalog.known()) shard_.cluster().ports.look_at_catalog(database_, catalog.marks);
}

// Brings dialect_ up to date. A few comparisons when nothing has happened.
void ClientSession::look_at_names() {
  DatabaseCatalog* const catalog = catalog_.get();
  if (catalog == nullptr || !catalog->known()) {
    const bool by_text =
        shard_.settings().config.routing.without_catalog == config::WithoutCatalog::text;
    dialect_.naming = by_text ? nullptr : &route::postgres::unknown_naming;
    naming_ = nullptr;
    return;
  }
  if (naming_ == nullptr) naming_ = last_naming_.lock();
  if (names_moved_ || names_suspect()) {
    dialect_.naming = &route::postgres::suspect_naming;
    return;
  }
  const bool same = naming_ != nullptr && naming_version_ == catalog->version() &&
                    naming_settings_ == settings_ && naming_utf8_ == client_utf8_;
  if (!same) {
    naming_ = catalog->naming(*settings_, user_, client_utf8_);
    last_naming_ = naming_;
    naming_version_ = catalog->version();
    naming_settings_ = settings_;
    naming_utf8_ = client_utf8_;
  }
  dialect_.naming = naming_.get();
}

// A session that waits for its client keeps no snapshot alive: there may be thousands
// of them, each with one of its own.
void ClientSession::let_names_go() {
  naming_ = nullptr;
  dialect_.naming = &route::postgres::suspect_naming;
}

// DDL has passed since the snapshot was read: all goes to the primary until it is read
// again. Without a primary that would stop the reads, and nobody can read it again.
bool ClientSession::names_suspect() const {
  const bool primary = shard_.view() == nullptr || !route::without_primary(*shard_.view());
  return primary && !catalog_.get()->current(catalog_seen_);
}

// What was a read when the batch came may be none now that it is to be sent.
bool ClientSession::names_changed() const {
  return naming_ != nullptr && naming_.get() == dialect_.naming && names_suspect();
}

// Some of an answer goes to the client ahead of ReadyForQuery: where what was sent may be
// committed already, nobody is to trust the former meaning any more.
void ClientSession::tell_catalog_change_early() {
  if (catalog_change_ != CatalogChange::certain || catalog_.get() == nullptr) return;
  if (server_->exchange.in_transaction() && !ends_transaction_) return;
  catalog_.get()->marks->certain.fetch_add(1);
  shard_.cluster().ports.look_at_catalog(database_, catalog_.get()->marks);
}

// Once what was sent may have taken effect, and before the client hears of it.
void ClientSession::tell_catalog_change() {
  names_moved_ = false;
  const CatalogChange change = std::exchange(catalog_change_, CatalogChange::none);
  DatabaseCatalog* const catalog = catalog_.get();
  if (change == CatalogChange::none || catalog == nullptr) return;
  if (change == CatalogChange::unseen && !catalog->may_ask_for_unseen()) return;
  if (change == CatalogChange::certain) catalog->marks->certain.fetch_add(1);
  if (change == CatalogChange::perhaps) catalog_seen_ = catalog->marks->perhaps.fetch_add(1) + 1;
  shard_.cluster().ports.look_at_catalog(database_, catalog->marks);
}

// Null: a text larger than is read.
void ClientSession::note_names(const route::Analysis* analysis) {
  const CatalogChange change =
      analysis != nullptr ? analysis->catalog_change : CatalogChange::perhaps;
  catalog_change_ = std::max(catalog_change_, change);
  if (analysis == nullptr || route::moves_names(*analysis)) names_moved_ = true;
  if (analysis == nullptr || analysis->controls_transaction) ends_transaction_ = true;
}

}  // namespace relevo::net::postgres
