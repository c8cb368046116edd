#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

// A switch without default: the compiler tells when an enumerator is missing.
bool is_known(Command command) {
  switch (command) {
    case Command::sleep:
    case Command::quit:
    case Command::init_db:
    case Command::query:
    case Command::field_list:
    case Command::create_db:
    case Command::drop_db:
    case Command::refresh:
    case Command::shutdown:
    case Command::statistics:
    case Command::process_info:
    case Command::connect:
    case Command::process_kill:
    case Command::debug:
    case Command::ping:
    case Command::time:
    case Command::delayed_insert:
    case Command::change_user:
    case Command::binlog_dump:
    case Command::table_dump:
    case Command::connect_out:
    case Command::register_slave:
    case Command::stmt_prepare:
    case Command::stmt_execute:
    case Command::stmt_send_long_data:
    case Command::stmt_close:
    case Command::stmt_reset:
    case Command::set_option:
    case Command::stmt_fetch:
    case Command::daemon:
    case Command::binlog_dump_gtid:
    case Command::reset_connection:
    case Command::clone:
    case Command::subscribe_group_stream:
    case Command::stmt_bulk_execute:
      return true;
  }
  return false;
}

}  // namespace relevo::wire::mysql
