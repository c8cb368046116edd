// Prepared statements under transaction pooling: the number that a client was
// given means one text for as long as the session lives, whichever server
// connection it gets; on each of those the text has another number.
//
// A text is interned once per worker together with what fixes its meaning when it
// is prepared: the current schema, sql_mode and character sets (see
// prepare_context). It is classified once, and sessions that prepare the same
// share one server-side statement per connection.
//
// Parameter types are a statement's own memory on a server: a client sends them
// with the first COM_STMT_EXECUTE only. Here they are remembered twice, what the
// client last said and what the server last heard, and sent again where the two
// differ.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proxy/route/statement.hpp"
#include "proxy/session/mysql/state.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

// Analysis points into text: neither copied nor moved.
struct PreparedStatement {
  PreparedStatement(std::uint64_t id, std::string_view text, State context,
                    route::MysqlDialect dialect);
  PreparedStatement(const PreparedStatement&) = delete;
  PreparedStatement& operator=(const PreparedStatement&) = delete;

  std::uint64_t id;  // unique in this process; never on the wire
  std::string text;
  State context;  // in force while it is prepared
  route::MysqlDialect dialect;
  route::Analysis analysis;  // by its text alone

  // The same by what names mean at present; null if that is not known, and `analysis`
  // holds. Sessions in one database see names alike, so that one is kept.
  std::shared_ptr<const route::Analysis> judge(const route::MysqlNaming* naming) const;

 private:
  mutable std::uint64_t judged_by_ = 0;
  mutable std::shared_ptr<const route::Analysis> judged_;
};
using Prepared = std::shared_ptr<const PreparedStatement>;

// One per worker; not for several threads.
class PreparedTable {
 public:
  // `id_base`: added to every id, so that workers' ids differ. `cache_bytes_max`
  // bounds the texts kept although no session holds them, least recent first.
  PreparedTable(std::uint64_t id_base, std::size_t cache_bytes_max);

  // `context`: interned, see prepare_context(). The dialect follows from it and
  // from the server's kind, which is the same for all of a cluster.
  Prepared intern(std::string_view text, const State& context, route::MysqlDialect dialect);

 private:
  struct Key {
    std::string_view text;
    const StateData* context;  // held by the statement
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  void sweep();

  std::uint64_t next_id_;
  std::size_t cache_bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Prepared> recent_;  // front: used last
  std::unordered_map<Key, std::list<Prepared>::iterator, KeyHash> known_;
};

// Two bytes a parameter, as on the wire; a name behind each with query attributes.
using ParameterTypes = std::shared_ptr<const std::string>;

// -- on one server connection ------------------------------------------------------

struct ServerStatement {
  std::uint32_t number = 0;  // the server's own
  std::uint16_t parameters = 0;
  ParameterTypes types;  // that it last heard; null: none
};

class ServerStatements {
 public:
  explicit ServerStatements(std::size_t max = 200) : max_(max) {}

  // Marks it as used. The pointer holds until the next add() or remove().
  ServerStatement* find(std::uint64_t id);
  // The server's number that has to be closed to make room, or that it had before.
  std::optional<std::uint32_t> add(std::uint64_t id, const ServerStatement& statement);
  void remove(std::uint64_t id);
  void clear();  // after a reset: the server has forgotten them, too
  std::size_t size() const { return by_id_.size(); }

 private:
  struct Entry {
    std::uint64_t id;
    ServerStatement statement;
  };
  std::size_t max_;
  std::list<Entry> recent_;  // front: used last
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_id_;
};

// -- of one client -------------------------------------------------------------------

struct ClientStatement {
  Prepared statement;
  std::uint16_t parameters = 0;
  std::uint16_t columns = 0;
  ParameterTypes types;                // that it last said; null: none yet
  std::uint64_t typed_parameters = 0;  // how many these are of, query attributes included
  bool long_data = false;              // sent since its last execution or reset: on one server
  bool cursor = false;                 // open, on one server
};

class ClientStatements {
 public:
  // MySQL's own default of max_prepared_stmt_count is for all sessions together.
  static constexpr std::size_t count_max = 16382;
  static constexpr std::size_t bytes_max = 64U << 20;

  // The number that the client will know it by. nullopt: too many (error 1461).
  std::optional<std::uint32_t> add(ClientStatement statement);
  // wire::last_prepared names the one that was added last, if it is still there.
  ClientStatement* find(std::uint32_t number);
  // What comes behind it may say last_prepared, and means one that does not exist.
  void prepare_failed() { last_ = 0; }
  void remove(std::uint32_t number);
  void clear();
  bool any_long_data() const;
  bool any_cursor() const;
  std::size_t size() const { return by_number_.size(); }

 private:
  std::uint32_t next_ = 1, last_ = 0;
  std::size_t bytes_ = 0;
  std::unordered_map<std::uint32_t, ClientStatement> by_number_;
};

}  // namespace relevo::session::mysql
