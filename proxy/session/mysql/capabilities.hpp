// Which capabilities a client and the server connection that it is lent may have,
// so that what the one says is understood by the other.
//
// Three kinds. Some change how commands or answers are meant, for a connection's
// whole life: a client is lent only connections that have them as it has, so they
// are a part of the pool's key (connection_form). Some change how answers are
// framed: server connections always have them, and answers are translated for
// clients that don't (deprecate_eof, session_track). Compression ends here: it is
// offered to clients and never asked of servers. The rest is never offered.
#pragma once

#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

// What must be the same on both sides.
inline constexpr wire::mysql::Capabilities form_mask =
    wire::mysql::Capability::found_rows | wire::mysql::Capability::ignore_space |
    wire::mysql::Capability::local_files | wire::mysql::Capability::multi_statements |
    wire::mysql::Capability::multi_results | wire::mysql::Capability::ps_multi_results |
    wire::mysql::Capability::query_attributes | wire::mysql::Capability::mariadb_extended_metadata |
    wire::mysql::Capability::mariadb_bulk_unit_results;
// Of these, what changes where things stand in commands and answers: a server that
// doesn't grant it would read them wrongly.
inline constexpr wire::mysql::Capabilities layout_mask =
    wire::mysql::Capability::query_attributes | wire::mysql::Capability::mariadb_extended_metadata |
    wire::mysql::Capability::mariadb_bulk_unit_results;

constexpr wire::mysql::Capabilities connection_form(wire::mysql::Capabilities client) {
  return client.common_with(form_mask);
}

// What to ask of a server, for clients of one form. It may grant less: a server
// without session_track or deprecate_eof (MySQL 5.6, MariaDB 10.1) is not one that
// sessions can share.
wire::mysql::Capabilities server_capabilities(wire::mysql::Capabilities form);
bool can_share(wire::mysql::Capabilities granted);
// Clients of this form can be lent the connection. False only where a server lacks
// what the others had when its clients were greeted.
constexpr bool serves_form(wire::mysql::Capabilities granted, wire::mysql::Capabilities form) {
  return granted.has_all(form.common_with(layout_mask));
}

// What to offer to clients, given what the cluster's servers have in common. Not
// offered: optional metadata, which changes the layout of results; MariaDB's cached
// metadata, which supposes that a client has a server's statement for itself.
wire::mysql::Capabilities offered_capabilities(wire::mysql::Capabilities common_to_servers);

}  // namespace relevo::session::mysql
