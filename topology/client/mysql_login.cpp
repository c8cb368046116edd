#include "topology/client/mysql_login.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "topology/client/mysql_driver.hpp"
#include "topology/client/mysql_failure.hpp"

namespace relevo::client {
namespace {

constexpr std::uint16_t default_port = 3306;
constexpr auto exit_wait_max = std::chrono::seconds(3);

// Log-ins that are under way in this process, by the server they are to. The
// process's end waits for them: they use what the libraries tear down at the very
// end, so these are set up first.
class Threads {
 public:
  static Threads& all() {
    static Threads threads;
    return threads;
  }
  // False: this server has as many as it may. Others are not hindered by it.
  bool enter(const std::string& server) {
    const std::lock_guard lock(mutex_);
    unsigned& count = counts_[server];
    if (count == log_ins_max) return false;
    ++count;
    return true;
  }
  void leave(const std::string& server) {
    // The thread has done with the library by now. (notify_all_at_thread_exit would
    // wait for even more, and at times leaves the mutex locked for ever.)
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(server);
    if (--found->second == 0) counts_.erase(found);
    none_left_.notify_all();
  }

 private:
  Threads() { mysql_library_init(0, nullptr, nullptr); }
  ~Threads() {
    std::unique_lock lock(mutex_);
    // Not for ever: one that a library keeps in a wait past its own timeouts touches
    // nothing that is torn down, and must not hold up the end of the process.
    none_left_.wait_for(lock, exit_wait_max, [this] { return counts_.empty(); });
  }

  std::mutex mutex_;
  std::condition_variable none_left_;
  std::map<std::string, unsigned> counts_;
};

std::string server_of(const MysqlTarget& target) {
  const std::string host = target.hosts.empty() ? std::string() : target.hosts.front();
  return host + ":" + std::to_string(target.endpoint.port);
}

MYSQL* make_handle(const MysqlTarget& target, bool over_tcp) {
  MYSQL* const handle = mysql_init(nullptr);
  if (handle == nullptr) return nullptr;
  const unsigned protocol = over_tcp ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  const unsigned no_local_files = 0;
  const unsigned long packet_bytes_max = result_bytes_max;
  // Of whole seconds, which is all that the libraries know.
  const auto whole = std::chrono::ceil<std::chrono::seconds>(target.timeout).count();
  const auto seconds = static_cast<unsigned>(std::clamp<std::int64_t>(whole, 1, 3600));
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes_max);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options4(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                 target.endpoint.application_name.c_str());
  set_mysql_options(handle, tls_mode(target.endpoint.sslmode), target.endpoint.sslrootcert);
  return handle;
}

Outcome<MYSQL*> log_in_to(const MysqlTarget& target, const std::string& host,
                          model::Instant deadline) {
  const bool over_tcp = !host.starts_with('/');
  MYSQL* const handle = make_handle(target, over_tcp);
  if (handle == nullptr) {
    return tl::make_unexpected(Failure{FailureKind::reset, "", "out of memory for a connection"});
  }
  const Endpoint& as = target.endpoint;
  MysqlAddress address{};
  address.host = over_tcp ? host.c_str() : "localhost";
  address.unix_socket = over_tcp ? nullptr : host.c_str();
  address.user = as.user.c_str();
  address.password = as.password.c_str();
  address.database = as.database.empty() ? nullptr : as.database.c_str();
  address.port = as.port != 0 ? as.port : default_port;
  const bool connected = log_in(handle, address, deadline);
  Failure failure;
  if (!connected) {
    failure =
        read_mysql_failure(mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle), true);
    // The library calls a connection lost that it gave up itself.
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (late && failure.kind == FailureKind::reset) failure.kind = FailureKind::timeout;
  } else if (over_tcp && tls_mode(as.sslmode) >= TlsMode::require &&
             mysql_get_ssl_cipher(handle) == nullptr) {
    failure = {FailureKind::server_error, "", "the server does not speak TLS"};
  } else {
    const int socket = socket_of(handle);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    return handle;
  }
  mysql_close(handle);
  return tl::make_unexpected(std::move(failure));
}

// A server that spoke has decided; an address that does not answer has not. A refusal
// is firmer news than an address that this machine cannot even try, such as ::1 where
// there is no IPv6.
Outcome<MYSQL*> try_each(const MysqlTarget& target) {
  const auto deadline = std::chrono::steady_clock::now() + target.timeout;
  Outcome<MYSQL*> outcome =
      tl::make_unexpected(Failure{FailureKind::unreachable, "", "no address"});
  for (const std::string& host : target.hosts) {
    Outcome<MYSQL*> attempt = log_in_to(target, host, deadline);
    const bool weaker = !attempt && outcome.error().kind == FailureKind::refused &&
                        attempt.error().kind == FailureKind::unreachable;
    if (!weaker) outcome = std::move(attempt);
    if (outcome || outcome.error().kind == FailureKind::server_error) break;
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  return outcome;
}

}  // namespace

struct MysqlLogin::Shared {
  Shared() : ended(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Shared() {
    if (ended >= 0) ::close(ended);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  const int ended;
  std::mutex mutex;
  bool abandoned = false;
  Outcome<MYSQL*> outcome =
      tl::make_unexpected(Failure{FailureKind::reset, "", "no thread for a log-in"});
};

MysqlLogin::MysqlLogin(MysqlTarget target) : shared_(std::make_shared<Shared>()) {
  if (shared_->ended < 0) return;
  const std::string server = server_of(target);
  if (!Threads::all().enter(server)) {
    // Earlier ones wait for it, past the time that their owners had for them.
    shared_->outcome = tl::make_unexpected(
        Failure{FailureKind::timeout, "", "too many log-ins to this server are under way"});
    ::eventfd_write(shared_->ended, 1);
    return;
  }
  const auto run = [shared = shared_, server, target = std::move(target)] {
    mysql_thread_init();
    Outcome<MYSQL*> outcome = try_each(target);
    {
      const std::lock_guard lock(shared->mutex);
      if (!shared->abandoned) {
        shared->outcome = outcome;
      } else if (outcome) {
        mysql_close(*outcome);
      }
    }
    ::eventfd_write(shared->ended, 1);
    mysql_thread_end();
    Threads::all().leave(server);
  };
  try {
    std::thread(run).detach();
  } catch (const std::system_error&) {
    Threads::all().leave(server);
    ::eventfd_write(shared_->ended, 1);
  }
}

MysqlLogin::~MysqlLogin() {
  const std::lock_guard lock(shared_->mutex);
  shared_->abandoned = true;
  if (shared_->outcome) mysql_close(*shared_->outcome);
}

int MysqlLogin::descriptor() const { return shared_->ended; }

Outcome<MYSQL*> MysqlLogin::take() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->outcome,
                       tl::make_unexpected(Failure{FailureKind::reset, "", "taken"}));
}

}  // namespace relevo::client
