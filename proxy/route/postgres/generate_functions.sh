#!/bin/sh
# Writes functions_table.inc: the names of the functions that PostgreSQL ships,
# told apart by whether a call is a harmless read on any server.
#
#   generate_functions.sh BINDIR > functions_table.inc
#
# BINDIR holds initdb and postgres (/usr/lib/postgresql/15/bin). A throw-away
# cluster is made and read in single-user mode: no port, no server.
#
# Harmless: in pg_catalog, callable from SQL, every overload immutable or stable,
# and not in `denied` below; or volatile but in `allowed`. The classifier knows
# a call's name and not its argument types, so one bad overload spoils a name.
#
# Left out altogether are functions that nobody calls by name: what implements
# operators, aggregates, indexes and type input. The catalogue marks them by
# their description. Their names are too easily a user's own: `charge` is the
# operator >= of type "char".
set -eu
bindir=${1:?usage: generate_functions.sh BINDIR > functions_table.inc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres "$work"
  run() { (cd "$work" && setpriv --reuid postgres --regid postgres --clear-groups "$@"); }
fi
run "$bindir/initdb" --pgdata="$work/data" --auth=trust --no-sync >"$work/log" 2>&1

# Names are of one length per row, so the order is by bytes: that of memcmp.
cat >"$work/query" <<EOF
COPY (
  WITH callable AS (
    SELECT proname,
      bool_and(
        CASE provolatile
          WHEN 'v' THEN proname = ANY (string_to_array(
            -- Volatile and harmless: time, chance, sizes, and what psql's \d asks.
            'clock_timestamp gen_random_uuid pg_collation_actual_version pg_database_collation_actual_version '
            'pg_database_size pg_indexes_size pg_is_in_recovery pg_jit_available pg_partition_ancestors '
            'pg_partition_tree pg_relation_size pg_sleep pg_sleep_for pg_sleep_until pg_table_size '
            'pg_tablespace_size pg_total_relation_size random timeofday', ' '))
          -- Stable, but the answer belongs to one server or one session, or
          -- the call fails in recovery: transaction ids, WAL positions,
          -- statistics, slots, cursors, the backend itself.
          ELSE proname !~ '^(pg_stat_|pg_replication_|pg_current_|pg_event_trigger_|txid_)'
               AND proname <> ALL (string_to_array(
                 'pg_backend_pid pg_conf_load_time pg_cursor pg_get_replication_slots '
                 'pg_is_other_temp_schema pg_listening_channels pg_my_temp_schema '
                 'pg_postmaster_start_time pg_prepared_statement', ' '))
        END
        -- Not for calls from SQL: support, trigger and handler functions.
        AND NOT 'internal'::regtype = ANY (proargtypes)
        AND prorettype <> ALL (ARRAY['internal', 'trigger', 'event_trigger', 'language_handler',
                                     'index_am_handler', 'table_am_handler', 'tsm_handler',
                                     'fdw_handler']::regtype[])) AS harmless
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (prokind <> 'f' OR proname IN ('array_cat', 'hashtext', 'hashtextextended', 'starts_with')  -- known by name
        OR coalesce(obj_description(oid, 'pg_proc'), '') !~
        '^(implementation of |I/O|internal conversion|hash$|less-equal-greater|aggregate |[A-Za-z-]+ support|\(internal\)|(restriction|join) selectivity|(GIN|GiST|SP-GiST|BRIN) |window RANGE support|planner support|sort support|(larger|smaller) of )')
    GROUP BY proname)
  SELECT CASE WHEN harmless THEN 'harmless' ELSE 'other' END, octet_length(proname::text), proname
  FROM callable ORDER BY 1, 2, proname COLLATE "C"
) TO '$work/names';

EOF
run "$bindir/postgres" --single -j -D "$work/data" postgres <"$work/query" >>"$work/log" 2>&1
[ -s "$work/names" ] || { cat "$work/log" >&2; exit 1; }

LC_ALL=C awk -v generator=generate_functions.sh -v version="$("$bindir/postgres" --version)" \
  -f "$(dirname "$0")/../pack_names.awk" "$work/names"
