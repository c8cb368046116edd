#include "proxy/session/mysql/capabilities.hpp"

namespace relevo::session::mysql {

using wire::mysql::Capabilities;
using wire::mysql::Capability;

namespace {

constexpr Capabilities translated = Capability::deprecate_eof | Capability::session_track;

constexpr Capabilities basic =
    Capability::long_password | Capability::long_flag | Capability::protocol_41 |
    Capability::transactions | Capability::secure_connection | Capability::plugin_auth |
    Capability::plugin_auth_lenenc_client_data | Capability::connect_with_db;

}  // namespace

Capabilities server_capabilities(Capabilities form) {
  return basic.with(translated)
      .with(Capability::mariadb_stmt_bulk_operations)
      .with(form.common_with(form_mask));
}

bool can_share(Capabilities granted) { return granted.has_all(translated); }

Capabilities offered_capabilities(Capabilities common_to_servers) {
  constexpr Capabilities follow =
      Capabilities(Capability::mariadb_stmt_bulk_operations).with(form_mask);
  constexpr Capabilities ours = basic.with(translated)
                                    .with(Capability::connect_attrs)
                                    .with(Capability::interactive)
                                    .with(Capability::can_handle_expired_passwords)
                                    .with(Capability::compress)
                                    .with(Capability::zstd_compression);
  return ours.with(common_to_servers.common_with(follow));
}

}  // namespace relevo::session::mysql
