// The lease of an installation with a single Relevo: always granted, never lost.
// Safe only while nobody starts a second one on the same cluster.
#pragma once

#include "failover/lease/lease_store.hpp"

namespace relevo::lease {

class LocalLease final : public LeaseStore {
 public:
  void acquire(Granted granted) override { granted({}); }
  void on_lost(Lost /*lost*/) override {}
  void release() override {}
};

}  // namespace relevo::lease
