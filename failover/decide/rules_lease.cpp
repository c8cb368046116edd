// 7xx: the right to act on the cluster.
#include <array>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

const auto table = std::to_array<Rule>({
    {701, "acquire-lease",
     [](const Facts& f) {
       return f.policy.mode != Mode::off && !f.state.lease_held && f.now >= f.state.lease_retry_at;
     },
     [](Turn& t) {
       t.state.lease_retry_at = t.now + t.policy.retry_delay_min;
       t.act(AcquireLease{}, t.policy.retry_delay_min);
     },
     "Only the holder of the lease may act on the cluster: ask for it until it is granted."},
});

}  // namespace

std::span<const Rule> lease_rules() { return table; }

}  // namespace relevo::decide
