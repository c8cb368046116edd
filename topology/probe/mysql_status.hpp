// How MySQL and MariaDB tell what they are. Pure but for the time that it is given.
//
// Role: who has an upstream configured is a replica, whether it runs or not and
// whether it refuses writes or not: read_only is off on many a replica, and
// taking those for primaries would be worse than the reverse. Without an
// upstream it is a primary, fenced when it is read-only.
//
// Position: what is applied. MySQL: gtid_executed. MariaDB: on a replica
// gtid_slave_pos (gtid_current_pos where that is what it follows by), since
// writes of its own would make it look further than it is; on a primary
// gtid_current_pos and gtid_binlog_pos, whichever is further in each domain.
//
// Receiver's silence: no server tells when it last heard from its upstream, only
// how many heartbeats and bytes have come. So the time since that moved is taken,
// by our clock. An upstream with nothing to send gives a sign of life each
// heartbeat period (half of slave_net_timeout: 30 s unless somebody set it), and
// only a longer silence means anything.
// https://mariadb.com/kb/en/show-replica-status/
// https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html
#pragma once

#include "topology/probe/mysql_statements.hpp"
#include "topology/probe/status.hpp"

namespace relevo::probe {

std::unique_ptr<StatusTalk> begin_mysql_status(StatusMemory& memory);

}  // namespace relevo::probe
