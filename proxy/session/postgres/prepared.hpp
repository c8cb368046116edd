// Prepared statements under transaction pooling: a client's name means one
// statement text for as long as the session lives, whichever server connection
// it gets; a server connection knows that text under a name of ours.
//
// A text with its parameter types is interned once per worker, classified once
// (and again when what its names mean has changed, wherever it was prepared),
// and known by one id everywhere, so a hundred sessions that prepare the same
// statement share one server-side statement per connection.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/route/statement.hpp"
#include "proxy/session/postgres/analysis_cache.hpp"

namespace relevo::session::postgres {

// Its analysis points into text: neither copied nor moved.
struct PreparedStatement {
  PreparedStatement(std::uint64_t id, std::string_view text, std::string_view parameter_types,
                    route::Dialect dialect);
  PreparedStatement(const PreparedStatement&) = delete;
  PreparedStatement& operator=(const PreparedStatement&) = delete;

  std::uint64_t id;  // unique in this process
  std::string text;
  std::string parameter_types;  // the tail of Parse: Int16 count, Int32 each, as on the wire
  std::string server_name;      // "relevo_1f", the same on every server connection
  route::Dialect dialect;       // that it was analyzed in

  // By what names mean now: made again when that is not what it was the last time.
  // Of the worker's own thread, valid until the next call.
  const route::Analysis& analysis(const route::postgres::Naming* naming) const;

  // A whole Parse message under `name`.
  void append_parse(std::string& out, std::string_view name) const;

 private:
  mutable route::Analysis analysis_;
  mutable std::uint64_t naming_id_ = 0;  // that it was made with; 0: without any
};
using Prepared = std::shared_ptr<const PreparedStatement>;

// One per worker; not for several threads.
class PreparedTable {
 public:
  // `id_base`: added to every id, so that workers' ids differ. `cache_bytes_max`
  // bounds the texts kept although no session holds them, least recent first.
  PreparedTable(std::uint64_t id_base, std::size_t cache_bytes_max);

  Prepared intern(std::string_view text, std::string_view parameter_types, route::Dialect dialect);
  // Of simple queries, which leave nothing else behind.
  AnalysisCache& queries() { return queries_; }

 private:
  struct Key {
    std::string_view text, parameter_types;
    // The dialect: the same bytes may be a read in one and a write in another.
    bool standard_strings, ascii_in_multibyte;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  void sweep();

  std::uint64_t next_id_;
  std::size_t cache_bytes_max_;
  std::size_t bytes_ = 0;
  // The key's views point into the statement itself.
  std::list<Prepared> recent_;  // front: used last
  AnalysisCache queries_;
  std::unordered_map<Key, std::list<Prepared>::iterator, KeyHash> known_;
};

// Which of our statements one server connection has, least recently used last.
class ServerStatements {
 public:
  explicit ServerStatements(std::size_t max = 200) : max_(max) {}

  bool has(std::uint64_t id);  // and marks it as used
  // Notes it as prepared; the id that has to be closed to make room, or 0.
  std::uint64_t add(std::uint64_t id);
  void remove(std::uint64_t id);
  // It is there after all, its Close was skipped: the first to go when room is needed.
  void restore(std::uint64_t id);
  void clear();
  std::size_t size() const { return by_id_.size(); }

 private:
  std::size_t max_;
  std::list<std::uint64_t> recent_;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> by_id_;
};

std::string server_statement_name(std::uint64_t id);

}  // namespace relevo::session::postgres
