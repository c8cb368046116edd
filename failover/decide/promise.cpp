#include "failover/decide/promise.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::decide {
namespace {

constexpr auto for_ever = std::chrono::hours(1);

constexpr std::string_view blanks = " \t\n\r\f\v";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool takes_word(std::string_view& text, std::string_view word) {
  const auto is_same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  if (text.size() <= word.size() ||
      !std::equal(word.begin(), word.end(), text.begin(),
                  [&](char expected, char found) { return is_same(found, expected); })) {
    return false;
  }
  if (blanks.find(text[word.size()]) == std::string_view::npos) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

Promise postgres_promise(const model::NodeStatus& primary) {
  Promise promise;
  promise.acknowledging = static_cast<unsigned>(
      std::count_if(primary.downstreams.begin(), primary.downstreams.end(),
                    [](const auto& replica) { return replica.sync_state != "async"; }));
  if (primary.synchronous_commit == "off" || primary.synchronous_commit == "local") {
    promise.text = "synchronous_commit is " + primary.synchronous_commit;
    return promise;
  }
  promise.acks = synchronous_standby_count(primary.synchronous_standbys);
  promise.text = promise.acks == 0
                     ? "synchronous_standby_names is empty"
                     : "synchronous_standby_names is '" + primary.synchronous_standbys + "'";
  return promise;
}

Promise semi_sync_promise(const model::SemiSync& semi) {
  Promise promise;
  promise.acknowledging = semi.clients;
  if (!semi.primary_enabled || !semi.primary_active) {
    promise.text = semi.primary_enabled
                       ? "semi-synchronous replication is enabled and has fallen back"
                       : "semi-synchronous replication is not enabled";
    return promise;
  }
  promise.acks = std::max(semi.acks_wanted, 1U);
  promise.text = "semi-synchronous replication waits for " + std::to_string(promise.acks);
  if (!semi.waits_alone) {
    promise.lapses_after = model::Duration::zero();
    promise.text += " as long as so many are connected (rpl_semi_sync_*_wait_no_* is OFF)";
  } else if (semi.timeout < for_ever) {
    promise.lapses_after = semi.timeout;
    promise.text +=
        ", for " +
        std::to_string(
            std::chrono::duration_cast<std::chrono::milliseconds>(semi.timeout).count()) +
        " ms (rpl_semi_sync_*_timeout)";
  }
  return promise;
}

}  // namespace

// [FIRST | ANY] NUMBER ( LIST ), or a list of which the first has to acknowledge.
unsigned synchronous_standby_count(std::string_view names) {
  auto text = trimmed(names);
  if (text.empty()) return 0;
  const bool has_method = takes_word(text, "any") || takes_word(text, "first");
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc::result_out_of_range || (error != std::errc{} && has_method)) return 0;
  if (error != std::errc{}) return 1;
  text = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
  return text.starts_with('(') ? count : 1;
}

Promise promise_of(const model::NodeStatus& primary) {
  return primary.flavor == model::Flavor::postgres ? postgres_promise(primary)
                                                   : semi_sync_promise(primary.semi_sync);
}

}  // namespace relevo::decide
