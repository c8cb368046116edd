#!/bin/bash
# Writes functions_table.inc: the names of the functions that MySQL and MariaDB
# ship and whose call is a harmless read on any server.
#
#   generate_functions.sh [BINDIR] > functions_table.inc
#
# BINDIR holds MariaDB's mariadbd, if that isn't on the PATH. A throw-away server
# is asked what it knows: information_schema.SQL_FUNCTIONS, and of the names in
# its own help and in the lists below those that it doesn't call unknown (1305, 1630).
# MySQL's names are its manual's ("SQL Function and Operator Reference").
#
# Three tables, because what one database ships may be a user's own function in
# the other: UUID_TO_BIN is often written by hand for MariaDB. Names whose call
# isn't harmless stand in functions.cpp, with what they do.
set -eu
PATH=${1:+$1:}$PATH:/usr/sbin
work=$(mktemp -d)
server=
stop() {
  if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi
  rm -rf "$work"
}
trap stop EXIT
export LC_ALL=C

# Words of both grammars that look like calls. A name that is reserved in both
# needs no entry, save for the sake of its backquoted form, which is no call.
grammar='adddate ascii avg bit_and bit_or bit_xor cast char charset coalesce collation convert count
curdate curtime current_date current_role current_time current_timestamp current_user database date date_add date_sub
day dayofmonth extract format get_format grouping hour if insert interval json_arrayagg json_objectagg
json_table json_value left localtime localtimestamp match max microsecond mid min minute mod month now
position quarter repeat replace reverse right row schema second session_user std stddev stddev_pop
stddev_samp subdate substr substring sum sysdate system_user time timestamp timestampadd timestampdiff
trim truncate user utc_date utc_time utc_timestamp values var_pop var_samp variance week weight_string year
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value nth_value last_value
point linestring polygon multipoint multilinestring multipolygon geometrycollection group_concat'

mysql='abs acos addtime aes_decrypt aes_encrypt any_value asin atan atan2 benchmark bin bin_to_uuid bit_count
bit_length ceil ceiling character_length char_length coercibility compress concat concat_ws conv convert_tz
cos cot crc32 current_role datediff date_format dayname dayofweek dayofyear degrees elt exp export_set
extractvalue field find_in_set floor format_bytes format_pico_time from_base64 from_days from_unixtime
geomcollection greatest gtid_subtract gtid_subset hex icu_version ifnull inet_aton inet_ntoa inet6_aton
inet6_ntoa instr is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_uuid isnull json_array json_array_append
json_array_insert json_contains json_contains_path json_depth json_extract json_insert json_keys json_length
json_merge json_merge_patch json_merge_preserve json_object json_overlaps json_pretty json_quote json_remove
json_replace json_schema_valid json_schema_validation_report json_search json_set json_storage_free
json_storage_size json_type json_unquote json_valid last_day lcase least length ln locate log log10 log2
lower lpad ltrim makedate maketime make_set mbrcontains mbrcoveredby mbrcovers mbrdisjoint mbrequals
mbrintersects mbroverlaps mbrtouches mbrwithin md5 monthname name_const nullif oct octet_length ord
period_add period_diff pi pow power quote radians rand random_bytes regexp_instr regexp_like regexp_replace
regexp_substr roles_graphml round rpad rtrim sec_to_time sha sha1 sha2 sign sin sleep soundex space sqrt
st_area st_asbinary st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_buffer_strategy st_centroid
st_collect st_contains st_convexhull st_crosses st_difference st_dimension st_disjoint st_distance
st_distance_sphere st_endpoint st_envelope st_equals st_exteriorring st_frechetdistance st_geohash
st_geomcollfromtext st_geomcollfromtxt st_geomcollfromwkb st_geometrycollectionfromtext
st_geometrycollectionfromwkb st_geometryfromtext st_geometryfromwkb st_geometryn st_geometrytype
st_geomfromgeojson st_geomfromtext st_geomfromwkb st_hausdorffdistance st_interiorringn st_intersection
st_intersects st_isclosed st_isempty st_issimple st_isvalid st_latfromgeohash st_latitude st_length
st_linefromtext st_linefromwkb st_lineinterpolatepoint st_lineinterpolatepoints st_linestringfromtext
st_linestringfromwkb st_longfromgeohash st_longitude st_makeenvelope st_mlinefromtext st_mlinefromwkb
st_mpointfromtext st_mpointfromwkb st_mpolyfromtext st_mpolyfromwkb st_multilinestringfromtext
st_multilinestringfromwkb st_multipointfromtext st_multipointfromwkb st_multipolygonfromtext
st_multipolygonfromwkb st_numgeometries st_numinteriorring st_numinteriorrings st_numpoints st_overlaps
st_pointatdistance st_pointfromgeohash st_pointfromtext st_pointfromwkb st_pointn st_polyfromtext
st_polyfromwkb st_polygonfromtext st_polygonfromwkb st_simplify st_srid st_startpoint st_swapxy
st_symdifference st_touches st_transform st_union st_validate st_within st_x st_y statement_digest
statement_digest_text strcmp str_to_date substring_index subtime tan timediff time_format time_to_sec
to_base64 to_days to_seconds ucase uncompress uncompressed_length unhex unix_timestamp updatexml upper uuid
uuid_short uuid_to_bin validate_password_strength version weekday weekofyear yearweek'

# Neither in MariaDB's catalogue nor in its help.
mariadb='chr decode_oracle json_array_intersect json_key_value json_object_filter_keys json_object_to_array
json_schema_valid kdf st_collect st_distance_sphere st_geohash st_isvalid st_latfromgeohash
st_longfromgeohash st_pointfromgeohash st_simplify st_validate vec_distance vec_distance_cosine
vec_distance_euclidean vec_fromtext vec_totext'

# Not harmless, or not for calls by name.
left_out='binlog_gtid_pos concat_operator_oracle connection_id found_rows get_lock is_free_lock is_used_lock
last_insert_id lastval load_file master_gtid_wait master_pos_wait nextval release_all_locks release_lock
row_count setval schemas wsrep_last_seen_gtid wsrep_last_written_gtid wsrep_sync_wait_upto_gtid'

user=$(id -un)
if [ "$(id -u)" = 0 ]; then user=mysql; chown mysql "$work"; fi
mariadb-install-db --no-defaults --user="$user" --datadir="$work/data" \
  --auth-root-authentication-method=normal --skip-test-db >"$work/log" 2>&1
mariadbd --no-defaults --user="$user" --datadir="$work/data" --socket="$work/socket" --skip-networking \
  --pid-file="$work/pid" >>"$work/log" 2>&1 &
server=$!
ask() { mariadb --no-defaults --user=root --socket="$work/socket" --skip-column-names --batch "$@"; }
for _ in $(seq 300); do
  if ask -e 'SELECT 1' >/dev/null 2>&1; then break; fi
  kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

words() { tr -s ' \n' '\n' | sed '/^$/d' | sort -u; }
words <<<"$grammar" >"$work/grammar"
words <<<"$left_out" >"$work/left_out"
words <<<"$mysql $grammar" | comm -23 - "$work/left_out" >"$work/mysql"
ask -e "SELECT LOWER(name) FROM mysql.help_topic WHERE name RLIKE '^[A-Za-z0-9_]+\$'" | cat - \
  <(words <<<"$mysql $mariadb") | sort -u >"$work/candidates"
# The line of a complaint is the line of its name. 1064 is the grammar's refusal,
# which says nothing of the name: such names count only where the list above has them.
sed 's/.*/DO `&`();/' "$work/candidates" >"$work/calls"
ask --force mysql <"$work/calls" 2>&1 | sed -n 's/^ERROR \(1064\|1305\|1630\).* at line \([0-9]*\).*/\2/p' >"$work/refused"
awk 'NR == FNR { refused[$1]; next } !(FNR in refused)' "$work/refused" "$work/candidates" |
  cat - "$work/grammar" <(ask -e 'SELECT LOWER(function) FROM information_schema.SQL_FUNCTIONS') |
  grep -v '_oracle$' | sort -u | comm -23 - "$work/left_out" >"$work/mariadb"

{
  comm -12 "$work/mysql" "$work/mariadb" | sed 's/^/common\t/'
  comm -13 "$work/mysql" "$work/mariadb" | sed 's/^/mariadb_only\t/'
  comm -23 "$work/mysql" "$work/mariadb" | sed 's/^/mysql_only\t/'
} | awk -F '\t' '{ print $1 "\t" length($2) "\t" $2 }' | sort -t "$(printf '\t')" -k1,1 -k2,2n -k3,3 |
  awk -v generator=generate_functions.sh -v version="$(mariadbd --version | sed 's/^[^ ]* *//')" \
    -f "$(dirname "$0")/../pack_names.awk"
