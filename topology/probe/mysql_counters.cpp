#include "topology/probe/mysql_counters.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>

#include "topology/probe/named_row.hpp"

namespace relevo::probe {
namespace {

class Values {
 public:
  explicit Values(const client::Rows& rows) {
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const NamedRow row(rows, i);
      std::string name = row.text({"name"}).value_or("");
      std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      values_[name] = row.text({"value"}).value_or("");
    }
  }

  // The first that is there; "" when none is.
  std::string text(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      if (const auto found = values_.find(name); found != values_.end()) return found->second;
    }
    return "";
  }

  // As long as one says so: both plugins may be loaded, and one of them in use.
  bool truth(std::initializer_list<const char*> names) const {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return is_truth(text({name})); });
  }

  std::optional<std::uint32_t> number(std::initializer_list<const char*> names) const {
    const std::string value = text(names);
    std::uint64_t result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(result, UINT32_MAX));
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace

Counters read_counters(const client::Rows& rows) {
  const Values values(rows);
  Counters counters;
  counters.uptime_s = values.number({"uptime"});
  model::SemiSync& semi = counters.semi_sync;
  semi.primary_enabled =
      values.truth({"rpl_semi_sync_master_enabled", "rpl_semi_sync_source_enabled"});
  semi.primary_active =
      values.truth({"rpl_semi_sync_master_status", "rpl_semi_sync_source_status"});
  semi.clients =
      values.number({"rpl_semi_sync_source_clients", "rpl_semi_sync_master_clients"}).value_or(0);
  semi.acks_wanted = values
                         .number({"rpl_semi_sync_source_wait_for_replica_count",
                                  "rpl_semi_sync_master_wait_for_slave_count"})
                         .value_or(1);
  semi.timeout = std::chrono::milliseconds(
      values.number({"rpl_semi_sync_source_timeout", "rpl_semi_sync_master_timeout"}).value_or(0));
  const std::string waits_alone =
      values.text({"rpl_semi_sync_source_wait_no_replica", "rpl_semi_sync_master_wait_no_slave"});
  semi.waits_alone = waits_alone.empty() || is_truth(waits_alone);
  semi.waits_before_commit = values.text({"rpl_semi_sync_source_wait_point",
                                          "rpl_semi_sync_master_wait_point"}) == "AFTER_SYNC";
  semi.replica_enabled =
      values.truth({"rpl_semi_sync_slave_enabled", "rpl_semi_sync_replica_enabled"});
  semi.replica_active =
      values.truth({"rpl_semi_sync_slave_status", "rpl_semi_sync_replica_status"});
  return counters;
}

}  // namespace relevo::probe
