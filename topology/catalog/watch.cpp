#include "topology/catalog/watch.hpp"

#include <algorithm>
#include <asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <utility>

#include "topology/catalog/reader.hpp"

namespace relevo::catalog {
namespace {

using Clock = std::chrono::steady_clock;
using model::Duration;
using model::Instant;

constexpr Duration reading_limit = std::chrono::seconds(30);
constexpr Duration list_limit = std::chrono::seconds(5);
// Between the beginnings of two readings of a database, whatever is told of it: at
// least, and as a multiple of what the last one took, so that reading a large one
// over and over is not all that its server does.
struct Gap {
  Duration least;
  int times;
};
constexpr Gap gap_after_ddl{std::chrono::milliseconds(50), 2};
constexpr Gap gap_after_call{std::chrono::milliseconds(250), 5};
constexpr Gap gap_otherwise{std::chrono::seconds(1), 20};
// A database that no client has used for as long is forgotten.
constexpr Duration kept_unused = std::chrono::hours(1);
// A reading that takes long is not begun again before this many times as long.
constexpr int rests_per_reading = 10;
constexpr Duration retry_first = std::chrono::milliseconds(500);
constexpr Duration retry_max = std::chrono::seconds(30);
// How long DDL may keep a catalogue suspect that cannot be read again.
constexpr Duration give_up_after = std::chrono::seconds(30);
// And how long one may be believed that nobody is known to have changed.
constexpr Duration stale_after = std::chrono::minutes(5);

}  // namespace

struct Watch::Impl : std::enable_shared_from_this<Impl> {
  struct Database {
    MarksPtr marks;
    std::string fingerprint;
    bool known = false;                      // something is published
    std::uint64_t certain = 0, perhaps = 0;  // as published
    Instant begun{};
    Duration took{};
    Instant used{};
    Instant due{};
    Duration retry{};  // 0: the last reading was good
    Instant failing_since{};
    bool ask_replica = false;  // the primary could not be asked the last time
    bool told = false;         // that it cannot be read
    bool of_start = false;     // and not looked at yet

    Instant after(const Gap& gap) const { return begun + std::max(gap.least, took * gap.times); }
  };
  using Entry = std::map<std::string, Database>::value_type;

  Impl(asio::io_context& context, WatchSettings watch_settings, Ports watch_ports)
      : settings(std::move(watch_settings)),
        ports(std::move(watch_ports)),
        timer(context),
        reader(make_reader(settings.engine, context)) {}

  void look_at(const std::string& name, const MarksPtr& marks);
  void set_view(model::ViewPtr news);
  void arm();
  void on_timer();
  bool primary_open() const {
    return view != nullptr && view->primary && view->gate != model::PrimaryGate::closed;
  }
  std::optional<model::NodeId> replica() const;
  std::optional<model::NodeId> node() const { return primary_open() ? view->primary : replica(); }
  void read(Entry& entry);
  void on_reading(const std::string& name, std::uint64_t certain, std::uint64_t perhaps,
                  client::Outcome<Reading> outcome);
  void on_success(Entry& entry, Reading reading, std::uint64_t certain, std::uint64_t perhaps);
  void on_failure(Entry& entry, const std::string& why, bool refused = false);
  void forget_unused(bool in_need);
  void list();
  void on_list(client::Outcome<std::vector<std::string>> outcome);
  void settle();
  std::string named(const Entry& entry) const {
    return settings.engine == model::Engine::mysql
               ? std::string("the servers' catalogue")
               : "the catalogue of database \"" + entry.first + "\"";
  }

  WatchSettings settings;
  Ports ports;
  model::ViewPtr view;
  std::optional<model::NodeId> primary;  // the last there was
  asio::steady_timer timer;
  std::unique_ptr<Reader> reader;
  std::map<std::string, Database> databases;
  bool reading = false;
  bool full_told = false;
  bool listed = false;
  bool settled = false;
};

void Watch::Impl::look_at(const std::string& name, const MarksPtr& marks) {
  const Instant now = Clock::now();
  if (!databases.contains(name) && databases.size() >= databases_max) forget_unused(true);
  auto found = databases.find(name);
  if (found == databases.end()) {
    if (databases.size() >= databases_max) {
      if (!std::exchange(full_told, true)) {
        ports.warn("the catalogues of " + std::to_string(databases_max) +
                   " databases are kept; those of more are not read, and their reads go to the "
                   "primary");
      }
      return;
    }
    found = databases.emplace(name, Database{}).first;
    found->second.marks = marks;
    found->second.due = now;
    found->second.used = now;
  } else {
    Database& database = found->second;
    database.marks = marks;
    database.used = now;
    const Gap& gap = marks->certain.load() != database.certain   ? gap_after_ddl
                     : marks->perhaps.load() != database.perhaps ? gap_after_call
                                                                 : gap_otherwise;
    if (database.retry == Duration::zero()) {
      database.due = std::min(database.due, std::max(now, database.after(gap)));
    }
  }
  arm();
}

// A new primary may lack what the former one had last.
void Watch::Impl::set_view(model::ViewPtr news) {
  const bool was_open = primary_open();
  view = std::move(news);
  if (!listed && !reading) list();
  const bool another = view->primary && view->primary != primary;
  if (!another && (was_open || !primary_open())) return;
  for (auto& [name, database] : databases) {
    if (another && primary) database.marks->certain.fetch_add(1);
    database.retry = Duration::zero();
    database.ask_replica = false;
    database.due = Clock::now();
  }
  primary = view->primary;
  arm();
}

// `in_need`: of whatever no client is in now.
void Watch::Impl::forget_unused(bool in_need) {
  const Instant now = Clock::now();
  for (auto at = databases.begin(); at != databases.end();) {
    Database& database = at->second;
    if (database.marks->sessions.load() != 0) database.used = now;
    if (database.used == now || (!in_need && now - database.used < kept_unused)) {
      ++at;
      continue;
    }
    if (database.known) ports.publish(at->first, News{});
    at = databases.erase(at);
  }
}

void Watch::Impl::list() {
  const auto from = node();
  if (!from || *from >= settings.nodes.size()) return;
  listed = reading = true;
  reader->list(settings.nodes[*from], list_limit,
               [weak = weak_from_this()](client::Outcome<std::vector<std::string>> outcome) {
                 if (const auto self = weak.lock()) self->on_list(std::move(outcome));
               });
}

void Watch::Impl::on_list(client::Outcome<std::vector<std::string>> outcome) {
  reading = false;
  const Instant now = Clock::now();
  for (const std::string& name : outcome ? *outcome : std::vector<std::string>{}) {
    if (databases.contains(name) || databases.size() >= databases_max) continue;
    Database& database = databases[name];
    database.marks = ports.marks(name);
    database.due = database.used = now;
    database.of_start = true;
  }
  settle();
  arm();
}

void Watch::Impl::settle() {
  const auto waits = [](const Entry& entry) { return entry.second.of_start; };
  if (!settled && std::ranges::none_of(databases, waits)) ports.settled();
  settled = settled || std::ranges::none_of(databases, waits);
}

void Watch::Impl::arm() {
  if (reading || databases.empty()) return;
  const auto next =
      std::ranges::min_element(databases, {}, [](const Entry& entry) { return entry.second.due; });
  timer.expires_at(next->second.due);
  timer.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->on_timer();
  });
}

void Watch::Impl::on_timer() {
  if (reading) return;
  forget_unused(false);
  const auto next =
      std::ranges::min_element(databases, {}, [](const Entry& entry) { return entry.second.due; });
  if (next == databases.end()) return;
  if (next->second.due <= Clock::now()) return read(*next);
  arm();
}

std::optional<model::NodeId> Watch::Impl::replica() const {
  if (view == nullptr) return std::nullopt;
  for (model::NodeId id = 0; id < view->nodes.size(); ++id) {
    const model::NodeView& node = view->nodes[id];
    if (node.role == model::Role::replica && node.state == model::NodeState::online) return id;
  }
  return std::nullopt;
}

void Watch::Impl::read(Entry& entry) {
  Database& database = entry.second;
  auto from = node();
  if (database.ask_replica && replica()) from = replica();
  database.begun = Clock::now();
  if (!from || *from >= settings.nodes.size()) return on_failure(entry, "no server can be asked");
  reading = true;
  // Whatever is told from here on this reading may not have seen.
  const std::uint64_t certain = database.marks->certain.load();
  const std::uint64_t perhaps = database.marks->perhaps.load();
  reader->read(settings.nodes[*from], entry.first, database.fingerprint, reading_limit,
               [weak = weak_from_this(), name = entry.first, certain,
                perhaps](client::Outcome<Reading> outcome) {
                 if (const auto self = weak.lock()) {
                   self->on_reading(name, certain, perhaps, std::move(outcome));
                 }
               });
}

void Watch::Impl::on_reading(const std::string& name, std::uint64_t certain, std::uint64_t perhaps,
                             client::Outcome<Reading> outcome) {
  reading = false;
  if (const auto found = databases.find(name); found != databases.end()) {
    found->second.of_start = false;
    found->second.took = Clock::now() - found->second.begun;
    if (outcome) {
      on_success(*found, std::move(*outcome), certain, perhaps);
    } else {
      on_failure(*found, outcome.error().message,
                 outcome.error().kind == client::FailureKind::server_error);
    }
  }
  settle();
  arm();
}

void Watch::Impl::on_success(Entry& entry, Reading reading_done, std::uint64_t certain,
                             std::uint64_t perhaps) {
  Database& database = entry.second;
  News news;
  news.kind = reading_done.has_rows() ? News::Kind::changed : News::Kind::unchanged;
  news.rows = std::move(reading_done.rows);
  news.first = !database.known;
  // A replica may not have replayed what sessions have told of.
  news.certain = reading_done.in_recovery ? database.certain : certain;
  news.perhaps = reading_done.in_recovery ? database.perhaps : perhaps;
  database.certain = news.certain;
  database.perhaps = news.perhaps;
  if (!ports.publish(entry.first, std::move(news))) {
    return on_failure(entry, "it is too large to be kept", true);
  }
  database.known = true;
  database.fingerprint = std::move(reading_done.fingerprint);
  const bool behind = database.marks->certain.load() != database.certain ||
                      database.marks->perhaps.load() != database.perhaps;
  database.ask_replica = false;
  if (behind && reading_done.in_recovery && database.retry != Duration::zero()) {
    database.due = Clock::now() + database.retry;  // it is the primary that must be read
    return;
  }
  database.retry = Duration::zero();
  if (std::exchange(database.told, false)) {
    ports.tell(named(entry) + " is read again");
  }
  const Duration rest = std::max<Duration>(settings.refresh, database.took * rests_per_reading);
  const Instant soon =
      reading_done.in_recovery ? Clock::now() + retry_first : database.after(gap_after_ddl);
  database.due = behind ? soon : database.begun + rest;
}

// `refused`: the server answers, and will say the same again; too large, say.
void Watch::Impl::on_failure(Entry& entry, const std::string& why, bool refused) {
  Database& database = entry.second;
  const Instant now = Clock::now();
  if (database.retry == Duration::zero()) {
    database.retry = retry_first;
    database.failing_since = now;
  } else {
    database.retry = std::min(database.retry * 2, retry_max);
  }
  const Duration rest = refused ? database.took * rests_per_reading : Duration::zero();
  database.due = now + std::max(database.retry, std::min(rest, stale_after));
  database.ask_replica = !database.ask_replica;
  const bool suspect = database.marks->certain.load() != database.certain;
  if (database.known && now - database.failing_since >= (suspect ? give_up_after : stale_after)) {
    ports.publish(entry.first, News{});
    database.known = false;
    database.fingerprint.clear();
  }
  // While a failover is under way nobody needs to hear of it, nor of what nobody uses.
  const bool worth_telling = database.marks->sessions.load() != 0 &&
                             (!database.known || now - database.failing_since >= give_up_after);
  if (view != nullptr && worth_telling && !std::exchange(database.told, true)) {
    ports.warn(named(entry) + " cannot be read: " + why +
               "; its reads go to the primary, unless routing.without_catalog is \"text\"");
  }
  arm();
}

Watch::Watch(asio::io_context& io, WatchSettings settings, Ports ports)
    : impl_(std::make_shared<Impl>(io, std::move(settings), std::move(ports))) {}

Watch::~Watch() { impl_->timer.cancel(); }

void Watch::set_view(model::ViewPtr view) { impl_->set_view(std::move(view)); }

void Watch::set_refresh(model::Duration refresh) { impl_->settings.refresh = refresh; }

void Watch::look_at(const std::string& database, const MarksPtr& marks) {
  impl_->look_at(database, marks);
}

}  // namespace relevo::catalog
